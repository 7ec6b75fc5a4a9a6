import type { ReactNode } from 'react';

/** A narrow page with one form. */
export function NarrowPage({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <div className="mx-auto max-w-md">
      <title>{`${title} · Soma`}</title>
      <h1 className="text-xl">{title}</h1>
      {lead && <p className="mt-1.5 text-ink-2">{lead}</p>}
      <div className="mt-6">{children}</div>
    </div>
  );
}
