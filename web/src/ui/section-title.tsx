import type { ReactNode } from 'react';

/** The heading of a part of a page, and what can be done there. */
export function SectionTitle({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="mb-4 flex flex-wrap items-center justify-between gap-x-8 gap-y-3">
      <h2 className="text-lg font-semibold">{title}</h2>
      {children}
    </div>
  );
}
