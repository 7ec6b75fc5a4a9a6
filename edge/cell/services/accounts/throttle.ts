import { emailHash } from '#contracts/email-hash';
import { DomainError, Unavailable } from '#contracts/errors';

import { openRedis } from '../../clients/redis.ts';
import type { Platform } from '../../context.ts';

const WINDOW_S = 15 * 60;
const ATTEMPTS_PER_EMAIL = 10;
const ATTEMPTS_PER_IP = 100;
/** Who signs in would rather wait than be turned away by a Redis that is slow. */
const COUNTED_WITHIN_MS = 5_000;

/** What is attempted: to prove a password, or to have a device approved, which writes a row for whoever asks. */
type Attempt = 'password' | 'device';

/**
 * Counts one attempt, by keyed hash of the address (where one is named) and by IP address, and refuses above the limits.
 *
 * Fails closed: while Redis is down nobody can guess passwords, and nobody signs in. Sessions, API keys and tokens that exist go on working,
 * because nothing on their path asks Redis.
 */
export async function countAttempt(platform: Platform, attempt: Attempt, email: string | undefined): Promise<void> {
  const { ip } = platform;
  const counters = [
    ...(email === undefined ? [] : [{ key: await emailKey(platform, attempt, email), limit: ATTEMPTS_PER_EMAIL }]),
    ...(ip === undefined ? [] : [{ key: `attempts:${attempt}:ip:${ip}`, limit: ATTEMPTS_PER_IP }]),
  ];
  if (counters.length === 0) return;
  const pipeline = openRedis(platform.env, COUNTED_WITHIN_MS).multi();
  for (const { key } of counters) pipeline.incr(key).expire(key, WINDOW_S, 'NX');
  const replies = await pipeline.exec<number[]>().catch((cause: unknown) => {
    throw new Unavailable('signing in is not possible right now; what is signed in goes on working', { cause });
  });
  if (counters.some(({ limit }, index) => (replies[2 * index] ?? Infinity) > limit)) {
    throw new DomainError('rate_limited', 'too many attempts; wait a quarter of an hour', { retryAfterS: WINDOW_S });
  }
}

/** After the right password the address starts from zero. Where that fails, the counter runs out by itself. */
export async function forgetAttempts(platform: Platform, email: string): Promise<void> {
  await openRedis(platform.env).del(await emailKey(platform, 'password', email));
}

async function emailKey({ env }: Platform, attempt: Attempt, email: string): Promise<string> {
  return `attempts:${attempt}:email:${await emailHash(env.DIRECTORY_HMAC_KEY, email)}`;
}
