const UNIQUE_VIOLATION = '23505';

/** Whether a statement failed because such a row exists already. Drivers and libraries wrap the error that says so. */
export function isUniqueViolation(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === UNIQUE_VIOLATION) return true;
  }
  return false;
}

/** Postgres is not there or not able to; what it was given is no text that it can hold; or it answered something else. */
type PostgresFault = 'unreachable' | 'unstorable' | 'other';

/**
 * PostgreSQL, appendix A: classes 08 (connection), 53 (insufficient resources) and 58 (system); of 57 (operator intervention) what ends
 * connections and statements; lock_not_available, serialization_failure and deadlock_detected, which may all go well another time.
 */
const UNREACHABLE = /^(08...|53...|58...|57014|57P0[1235]|55P03|40001|40P01)$/;
/** character_not_in_repertoire, untranslatable_character */
const UNSTORABLE = new Set(['22021', '22P05']);

/** By the SQLSTATE that every error of Postgres carries; undefined for errors of somebody else. */
export function postgresFaultOf(error: Error): PostgresFault | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (!/^[0-9A-Z]{5}$/.test(code)) return undefined;
  if (UNSTORABLE.has(code)) return 'unstorable';
  return UNREACHABLE.test(code) ? 'unreachable' : 'other';
}
