import type { ErrorComponentProps } from '@tanstack/react-router';

import { FailureNote } from '../ui/failure-note.tsx';

/** What nobody foresaw, such as a chunk of the app that could not be loaded. */
export function RootError({ error }: ErrorComponentProps) {
  return (
    <div className="mx-auto max-w-2xl p-6">
      <FailureNote
        error={error instanceof Error ? error : new Error(String(error))}
        onRetry={() => location.reload()}
      />
    </div>
  );
}
