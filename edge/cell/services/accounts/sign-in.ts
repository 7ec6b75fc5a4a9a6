import { eq } from 'drizzle-orm';

import { SignIn } from '#contracts/api/accounts';
import { DomainError } from '#contracts/errors';
import { idOf } from '#contracts/ids';
import { users } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';
import { transact } from '../transact.ts';
import { accounts } from './auth.ts';
import { recordForPerson } from './evidence.ts';
import { refusalOfAuth } from './refusal.ts';
import type { SignedIn } from './sign-up.ts';
import { countAttempt, forgetAttempts } from './throttle.ts';

/** Begins a session. An address that is not known takes as long as a wrong password. @throws unauthenticated · rate_limited · unavailable */
export async function signIn(platform: Platform, input: SignIn): Promise<SignedIn> {
  const { email, password } = SignIn.parse(input);
  await countAttempt(platform, 'password', email);
  try {
    const signedIn = await transact(platform, async (tx) => {
      const { headers, response } = await accounts(platform, tx).api.signInEmail({
        body: { email, password },
        returnHeaders: true,
      });
      const id = idOf('usr').parse(response.user.id);
      await recordForPerson(tx, platform, id, { action: 'session.create', target: id });
      const account = { id, email, name: response.user.name, region: platform.cell };
      return { account, setCookies: headers.getSetCookie() };
    });
    platform.afterwards(forgetAttempts(platform, email));
    return signedIn;
  } catch (error) {
    const refusal = refusalOfAuth(error);
    if (refusal instanceof DomainError && refusal.code === 'unauthenticated')
      await recordWrongPassword(platform, email);
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
