import { eq } from 'drizzle-orm';

import { SignIn } from '#contracts/api/accounts';
import { DomainError } from '#contracts/errors';
import { idOf } from '#contracts/ids';
import { users } from '#db/postgres/schema/index';

import type { Platform, Verb } from '../../context.ts';
import { transact } from '../transact.ts';
import { accounts } from './auth.ts';
import { recordForPerson } from './evidence.ts';
import { refusalOfAuth } from './refusal.ts';
import type { SignedIn } from './sign-up.ts';
import { countAttempt, forgetAttempts } from './throttle.ts';

/** Begins a session. An address that is not known takes as long as a wrong password. @throws unauthenticated · rate_limited · unavailable */
export async function signIn({ ctx, input }: Verb<SignIn, Platform>): Promise<SignedIn> {
  const { email, password } = SignIn.parse(input);
  await countAttempt(ctx, 'password', email);
  try {
    const signedIn = await transact(ctx, async (tx) => {
      const { headers, response } = await accounts(ctx, tx).api.signInEmail({
        body: { email, password },
        returnHeaders: true,
      });
      const id = idOf('usr').parse(response.user.id);
      await recordForPerson(tx, ctx, id, { action: 'session.create', target: id });
      const account = { id, email, name: response.user.name, region: ctx.cell };
      return { account, setCookies: headers.getSetCookie() };
    });
    ctx.afterwards(forgetAttempts(ctx, email));
    return signedIn;
  } catch (error) {
    const refusal = refusalOfAuth(error);
    if (refusal instanceof DomainError && refusal.code === 'unauthenticated') await recordWrongPassword(ctx, email);
    throw refusal;
  }
}

async function recordWrongPassword(platform: Platform, email: string): Promise<void> {
  const [user] = await platform.db.select({ id: users.id }).from(users).where(eq(users.email, email));
  if (!user) return;
  await recordForPerson(platform.db, platform, user.id, {
    action: 'session.create',
    target: user.id,
    outcome: 'refused',
    reason: 'unauthenticated',
  });
}
