import type { Problem, Violation } from '#contracts/errors';

/** The command line asks for something that makes no sense: exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was asked for did not happen, and the message says why: exit 1. */
export class Failure extends Error {
  override readonly name: string = 'Failure';
}

/** The platform refused. */
export class Refused extends Failure {
  override readonly name = 'Refused';
  readonly problem: Problem;
  /** The command lines that lead out of it. */
  readonly wayOut: string | undefined;

  constructor(problem: Problem, wayOut?: string) {
    super(problem.detail);
    this.problem = problem;
    this.wayOut = wayOut;
  }
}

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

export function exitCodeFor(error: unknown): number {
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}

/** What a person reads on stderr: the sentence, each violation at its JSON Pointer, and the request id to ask about. */
export function describeFailure(error: unknown): string {
  if (error instanceof Refused) {
    const { title, detail, code, requestId, violations = [] } = error.problem;
    const wayOut = error.wayOut === undefined ? [] : [`  ${error.wayOut}`];
    return [`${title}: ${detail}`, ...untold(detail, violations), ...wayOut, `  ${code} · request ${requestId}`].join(
      '\n',
    );
  }
  if (error instanceof Failure || error instanceof UsageError) return error.message;
  if (hasViolations(error)) return [error.message, ...untold(error.message, error.extra.violations)].join('\n');
  if (error instanceof Error) return process.env['SOMA_DEBUG'] ? (error.stack ?? error.message) : error.message;
  return String(error);
}

/** All of them, each a line; one alone that the sentence ends with is told already. */
function untold(sentence: string, violations: readonly Violation[]): string[] {
  const [only] = violations;
  if (violations.length === 1 && only && sentence.endsWith(only.message)) return [];
  return violations.map(({ path, message }) => `  ${path === '' ? '(all)' : path}  ${message}`);
}

/** Refusals that contracts/ makes on this machine, before anything is sent. */
function hasViolations(error: unknown): error is Error & { extra: { violations: readonly Violation[] } } {
  return (
    error instanceof Error && 'extra' in error && isRecord(error.extra) && Array.isArray(error.extra['violations'])
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
