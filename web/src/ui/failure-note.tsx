import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

import { ApiFailure } from '../api/failure.ts';
import { m } from '../messages/index.ts';

/** What went wrong, what to do about it, and the request to name when asking us. */
export function FailureNote({
  error,
  advice: ownAdvice,
  wayOut,
  onRetry,
}: {
  error: Error;
  /** Where the page knows better what to do. */
  advice?: string | undefined;
  /** A link to where it is put right. */
  wayOut?: ReactNode;
  onRetry?: () => void;
}) {
  const failure = error instanceof ApiFailure ? error : undefined;
  const advice = ownAdvice ?? m.failure.advice(failure?.code ?? 'internal');
  return (
    <div role="alert" className="flex gap-3 rounded-lg border border-danger bg-surface p-4 text-sm">
      <CircleAlert aria-hidden className="mt-0.5 size-4 flex-none text-danger" />
      <div className="min-w-0 space-y-1.5">
        <p className="font-semibold">{m.failure.title}</p>
        <p className="wrap-anywhere">{sentence(error.message)}</p>
        {failure?.violations.map(({ path, message }) => (
          <p key={`${path} ${message}`} className="wrap-anywhere">
            {path && <code className="figures mr-1.5 text-xs">{path}</code>}
            {message}
          </p>
        ))}
        {advice && <p className="text-ink-2">{advice}</p>}
        {wayOut && <p>{wayOut}</p>}
        {failure?.requestId && <p className="figures text-xs text-ink-3">{m.failure.request(failure.requestId)}</p>}
        {onRetry && (
          <button type="button" className="button mt-1.5" onClick={onRetry}>
            {m.failure.retry}
          </button>
        )}
      </div>
    </div>
  );
}

/** The API writes its reasons in lower case, to be put behind a title. */
function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
