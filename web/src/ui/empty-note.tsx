import type { ReactNode } from 'react';

/** Says what to do where there is nothing yet. */
export function EmptyNote({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-start gap-4 rounded-lg border border-dashed border-line-strong p-8">
      <p className="text-ink-2">{children}</p>
      {action}
    </div>
  );
}
