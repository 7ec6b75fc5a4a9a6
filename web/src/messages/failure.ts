import type { FailureCode } from '../api/failure.ts';

/** What to do about it; what happened is the API's own sentence. */
const ADVICE: Partial<Record<FailureCode, string>> = {
  unreachable: 'Check your connection, then try again.',
  unexpected_answer: 'Reload the page. If it stays, this version of the page is older than the service.',
  approval_required: 'Approve it in the settings of the installation, or take another range of versions there.',
  unauthenticated: 'Sign in again.',
  forbidden: 'Ask an owner of this tenant for a role that includes it.',
  not_found: 'It may have been removed, or it belongs to another tenant. Check which tenant is chosen above.',
  budget_exhausted: 'Raise the monthly limit under Usage, or wait for the running ones to end.',
  rate_limited: 'Wait a moment, then try again.',
  at_capacity: 'Every runner is busy. Try again in a few seconds.',
  unavailable: 'Try again in a few seconds.',
  internal: 'Try again. If it stays, tell us the request id.',
};

export const failure = {
  title: 'This did not work',
  advice: (code: FailureCode): string | undefined => ADVICE[code],
  retry: 'Try again',
  request: (id: string) => `Request ${id}`,
};
