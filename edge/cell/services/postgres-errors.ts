const UNIQUE_VIOLATION = '23505';

/** Whether a statement failed because such a row exists already. Drivers and libraries wrap the error that says so. */
export function isUniqueViolation(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === UNIQUE_VIOLATION) return true;
  }
  return false;
}
