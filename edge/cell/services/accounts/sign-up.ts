import { eq } from 'drizzle-orm';

import { type Account, SignUp } from '#contracts/api/accounts';
import { emailHash } from '#contracts/email-hash';
import { Conflict, InvalidInput } from '#contracts/errors';
import { idOf, newId, type UserId } from '#contracts/ids';
import { users } from '#db/postgres/schema/index';

import { claimName } from '../../clients/directory.ts';
import type { Platform, Verb } from '../../context.ts';
import { isUniqueViolation } from '../postgres-errors.ts';
import { transact } from '../transact.ts';
import { accounts } from './auth.ts';
import { refusalOfAuth } from './refusal.ts';
import { countAttempt } from './throttle.ts';

export interface SignedIn {
  readonly account: Account;
  /** Sets the session cookie; for the browser alone, never in a body. */
  readonly setCookies: readonly string[];
}

/**
 * Makes an account in the region its owner chose: user, password and session in one transaction, so that there is never half of one.
 *
 * @throws invalid_input the region is another cell's · conflict the address has an account · unavailable · rate_limited
 */
// oxlint-disable-next-line soma/verb-has-beats -- who signs up has no tenant yet, and so no log
export async function signUp({ ctx, input }: Verb<SignUp, Platform>): Promise<SignedIn> {
  const { email, password, name, region } = SignUp.parse(input);
  if (region !== ctx.cell) throw new InvalidInput(`an account of ${region} is made there, not in ${ctx.cell}`);
  await countAttempt(ctx, 'password', email);

  const userId = await claimEmail(ctx, email);
  let swallowed: Error | undefined;
  const onSwallowed = (error: Error) => {
    swallowed = error;
  };
  const { headers } = await transact(ctx, (tx) =>
    accounts(ctx, tx, { userId, onSwallowed }).api.signUpEmail({
      body: { email, password, name },
      returnHeaders: true,
    }),
  ).catch((error: unknown) => {
    const cause = swallowed ?? error;
    if (isUniqueViolation(cause)) throw new Conflict('this e-mail address already has an account');
    throw refusalOfAuth(cause);
  });
  return { account: { id: userId, email, name, region }, setCookies: headers.getSetCookie() };
}

/**
 * Claims the address in the global directory before anything is written here. A claim whose account was never written, because this cell
 * died in between, is taken over by the next attempt under the same user id; two attempts at once meet at that id, and one wins.
 */
async function claimEmail(platform: Platform, email: string): Promise<UserId> {
  const key = await emailHash(platform.env.DIRECTORY_HMAC_KEY, email);
  const planned = newId('usr');
  const claim = await claimName(platform, { kind: 'email-hash', key, owner: planned });
  if (claim.kind === 'claimed') return planned;

  const owner = idOf('usr').parse(claim.owner);
  if (claim.cell === platform.cell) {
    const [existing] = await platform.db.select({ id: users.id }).from(users).where(eq(users.id, owner));
    if (!existing) return owner;
  }
  throw new Conflict('this e-mail address already has an account');
}
