import { APIError } from '@better-auth/core/error';
import { eq } from 'drizzle-orm';

import { DecideDevice, type DeviceSession, PollDevice, StartDevice, type StartedDevice } from '#contracts/api/accounts';
import { DomainError, InvalidInput } from '#contracts/errors';
import { sessionPrefix } from '#contracts/identity';
import { sessions } from '#db/postgres/schema/index';

import { type PersonCtx, type Platform, requirePerson, type Verb } from '../../context.ts';
import { secretHash } from '../secret-hash.ts';
import { transact } from '../transact.ts';
import { accounts, CLI_CLIENT_ID } from './auth.ts';
import { recordForPerson } from './evidence.ts';
import { refusalOfAuth } from './refusal.ts';
import { sessionHeaders } from './session-headers.ts';
import { countAttempt } from './throttle.ts';

/**
 * RFC 8628 §3.1–3.2: begins a sign-in that a person will approve in a browser. The router has chosen the cell already.
 * @throws rate_limited · unavailable
 */
export async function startDevice({ ctx, input }: Verb<StartDevice, Platform>): Promise<StartedDevice> {
  const { email } = StartDevice.parse(input);
  await countAttempt(ctx, 'device', email);
  return accounts(ctx, ctx.db).api.deviceCode({ body: { client_id: CLI_CLIENT_ID } });
}

/**
 * RFC 8628 §3.4–3.5: one poll. The refusal carries RFC 8628's own word in `error`.
 * @throws invalid_input authorization_pending · slow_down · expired_token · access_denied · invalid_grant
 */
// oxlint-disable-next-line soma/verb-has-beats -- the code of the device is the permission
export async function pollDevice({ ctx, input }: Verb<PollDevice, Platform>): Promise<DeviceSession> {
  const body = PollDevice.parse(input);
  // A refused poll is written down too (`slow_down` needs it), so the refusal must not roll the transaction back.
  const outcome = await transact(ctx, async (tx) => {
    try {
      const session = await accounts(ctx, tx).api.deviceToken({ body });
      const [row] = await tx
        .select({ userId: sessions.userId })
        .from(sessions)
        .where(eq(sessions.tokenSha256, await secretHash(session.access_token)));
      if (!row) throw new DomainError('internal', 'the session that was just made is gone');
      await recordForPerson(tx, ctx, row.userId, {
        action: 'session.create',
        target: row.userId,
        details: { via: 'device' },
      });
      return session;
    } catch (error) {
      if (error instanceof APIError && error.statusCode === 400) return error;
      throw error;
    }
  });
  if (outcome instanceof APIError) throw refusalOfPoll(outcome);
  return {
    access_token: `${sessionPrefix(ctx.cell)}${outcome.access_token}`,
    token_type: 'Bearer',
    expires_in: outcome.expires_in,
  };
}

function refusalOfPoll({ body, message }: APIError): DomainError {
  const error = typeof body?.['error'] === 'string' ? body['error'] : 'invalid_grant';
  const detail = typeof body?.['error_description'] === 'string' ? body['error_description'] : message;
  return new DomainError('invalid_input', detail, { error });
}

/** A person looks at the code their CLI shows and says yes or no. @throws invalid_input the code is unknown, used or expired */
export async function decideDevice({ ctx, input }: Verb<DecideDevice, PersonCtx>): Promise<void> {
  const person = requirePerson(ctx);
  const { user_code, approve } = DecideDevice.parse(input);
  const headers = sessionHeaders(person);
  await transact(ctx, async (tx) => {
    const { api } = accounts(ctx, tx);
    await api.deviceVerify({ query: { user_code }, headers });
    if (approve) await api.deviceApprove({ body: { userCode: user_code }, headers });
    else await api.deviceDeny({ body: { userCode: user_code }, headers });
    await recordForPerson(tx, ctx, person.id, {
      action: 'device.decide',
      target: person.id,
      details: { isApproved: approve },
    });
  }).catch((error: unknown) => {
    if (error instanceof APIError && error.statusCode === 400) {
      throw new InvalidInput('this code is not known here, was used or has expired; start again in the CLI');
    }
    throw refusalOfAuth(error);
  });
}
