import type { PersonCtx } from '../../context.ts';

/** A session that was verified already, in the form in which better-auth reads it. */
export function sessionHeaders(person: PersonCtx['person']): Headers {
  return new Headers({ authorization: `Bearer ${person.sessionToken}` });
}
