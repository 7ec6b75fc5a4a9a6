import { z } from 'zod';

import { type ErrorCode, Problem, type Violation } from '#contracts/errors';

/** Why a call came to nothing: the API's own code, or one of the two that only a client can know. */
export type FailureCode = ErrorCode | 'unreachable' | 'unexpected_answer';

interface FailureFacts {
  readonly status?: number;
  readonly requestId?: string;
  readonly violations?: readonly Violation[];
  readonly missing?: readonly string[];
  readonly missingSecrets?: readonly string[];
}

/** Where the problem has none, none is missing. */
const Missing = z.object({
  missing: z.array(z.string()).catch([]),
  missingSecrets: z.array(z.string()).catch([]),
});

export class ApiFailure extends Error {
  readonly code: FailureCode;
  readonly status: number;
  readonly requestId: string | undefined;
  readonly violations: readonly Violation[];
  /** The permissions that an `approval_required` names. */
  readonly missing: readonly string[];
  /** The secrets that a run cannot do without and nobody set. */
  readonly missingSecrets: readonly string[];

  constructor(
    code: FailureCode,
    detail: string,
    { status = 0, requestId, violations = [], missing = [], missingSecrets = [] }: FailureFacts = {},
  ) {
    super(detail);
    this.name = 'ApiFailure';
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.violations = violations;
    this.missing = missing;
    this.missingSecrets = missingSecrets;
  }
}

/** What the sign-in library answers instead of a problem: `{ code, message }`, or RFC 6749's `{ error, error_description }`. */
const AuthError = z
  .object({ message: z.string() })
  .or(z.object({ error_description: z.string() }).transform((body) => ({ message: body.error_description })));

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_input',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  422: 'invalid_input',
  429: 'rate_limited',
  503: 'unavailable',
};

/** Turns an answer that is not 2xx into the failure it describes. */
export async function failureOf(response: Response): Promise<ApiFailure> {
  const body: unknown = await response.json().catch(notJson);
  const problem = Problem.safeParse(body);
  if (problem.success) {
    const { code, detail, status, requestId, violations } = problem.data;
    const missing = Missing.parse(problem.data);
    return new ApiFailure(code, detail, { status, requestId, ...missing, ...(violations && { violations }) });
  }
  const auth = AuthError.safeParse(body);
  const code = CODE_OF_STATUS[response.status];
  return new ApiFailure(
    code ?? 'unexpected_answer',
    auth.success ? auth.data.message : `the answer was ${response.status} without a reason`,
    { status: response.status },
  );
}

/** A proxy's error page is no reason of the API's. */
function notJson(): undefined {}

/** Whether trying the same call again may help. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof ApiFailure)) return false;
  return error.code === 'unreachable' || error.code === 'rate_limited' || error.status >= 500;
}
