import { type PersonCtx, requirePerson, type VerbWithoutInput } from '../../context.ts';
import { transact } from '../transact.ts';
import { accounts } from './auth.ts';
import { recordForPerson } from './evidence.ts';
import { sessionHeaders } from './session-headers.ts';

/** Ends the session that asks; returns the cookies that clear it in a browser. */
export async function signOut({ ctx }: VerbWithoutInput<PersonCtx>): Promise<{ setCookies: readonly string[] }> {
  const person = requirePerson(ctx);
  return transact(ctx, async (tx) => {
    const { headers } = await accounts(ctx, tx).api.signOut({ headers: sessionHeaders(person), returnHeaders: true });
    await recordForPerson(tx, ctx, person.id, { action: 'session.revoke', target: person.id });
    return { setCookies: headers.getSetCookie() };
  });
}
