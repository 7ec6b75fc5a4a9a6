import type { ReactNode } from 'react';

/** The heading of a page, also its document title. */
export function PageTitle({ title, lead, action }: { title: string; lead?: string; action?: ReactNode }) {
  return (
    <div className="mb-7 flex flex-wrap items-end justify-between gap-x-8 gap-y-4">
      <title>{`${title} · Soma`}</title>
      <div className="max-w-2xl">
        <h1 className="text-xl sm:text-2xl">{title}</h1>
        {lead && <p className="mt-1.5 text-ink-2">{lead}</p>}
      </div>
      {action}
    </div>
  );
}
