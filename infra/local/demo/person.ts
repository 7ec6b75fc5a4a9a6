import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { z } from 'zod';

import { Account } from '#contracts/api/accounts';
import type { Cell } from '#contracts/cells';
import { Problem } from '#contracts/errors';

/** A person at a browser: signed up through the public door, holding the session cookie. */
export interface Person {
  readonly email: string;
  readonly password: string;
  /** Says yes, in the browser, to a device that shows `userCode`. */
  approveDevice(userCode: string): Promise<void>;
}

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 4;
const PAUSE_MS = 1_000;

export async function signUp(origin: string, name: string, region: Cell): Promise<Person> {
  const email = `${name}-${randomBytes(6).toString('hex')}@example.com`;
  const password = randomBytes(18).toString('base64url');
  const response = await patiently(() => post(origin, '/v1/auth/sign-up', { email, password, name, region }));
  Account.parse(await response.json());
  const cookie = response.headers
    .getSetCookie()
    .map((header) => header.split(';')[0])
    .join('; ');
  return {
    email,
    password,
    async approveDevice(userCode) {
      await post(origin, '/v1/auth/device/decision', { user_code: userCode, approve: true }, { cookie });
    },
  };
}

/**
 * What a busy machine has only just started may answer too late for whoever waits for it, and says so. A person asks again, which makes no
 * second account.
 */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof NotNow) || attempt === ATTEMPTS) throw error;
      await delay(PAUSE_MS);
    }
  }
}

class NotNow extends Error {
  override readonly name = 'NotNow';
}

async function post(
  origin: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const response = await fetch(new URL(path, origin), {
    method: 'POST',
    // A browser sends its page's origin with every write; without it a cookie is not believed.
    headers: { 'content-type': 'application/json', origin, ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) return response;
  const problem = z.union([Problem, z.unknown()]).parse(await response.json().catch(() => undefined));
  const message = `${path} answered ${response.status}: ${JSON.stringify(problem)}`;
  throw response.status === 503 ? new NotNow(message) : new Error(message);
}
