import type { ReactNode } from 'react';

/** The heading of a part of a page, and what can be done there. */
export function SectionTitle({ title, lead, children }: { title: string; lead?: string; children?: ReactNode }) {
  return (
    <div className="mb-4 flex flex-wrap items-center justify-between gap-x-8 gap-y-3">
      <div className="max-w-2xl">
        <h2 className="text-lg font-semibold">{title}</h2>
        {lead && <p className="mt-0.5 text-sm text-ink-2">{lead}</p>}
      </div>
      {children}
    </div>
  );
}
