import type { ReactNode } from 'react';

/** Terms and values, one pair a line. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="divide-y divide-line border-y border-line text-sm">{children}</dl>;
}

export function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-3 py-2">
      <dt className="text-ink-3">{term}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </div>
  );
}

/** A digest, a key or an id: long, and compared letter by letter. */
export function Code({ children }: { children: string }) {
  return <span className="figures text-xs break-all">{children}</span>;
}
