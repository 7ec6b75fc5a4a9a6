import type { Platform } from '../../context.ts';
import type { DueDelivery } from './claim.ts';
import { messageOf } from './message.ts';
import { targetRules } from './rules.ts';
import { openSecret } from './sealed-secret.ts';
import { signatureHeaders } from './sign.ts';
import { isTarget } from './target.ts';
import { inForce } from './view.ts';

const TIMEOUT_MS = 10_000;
const MOST_ERROR_LENGTH = 300;

/** How an attempt went: taken where there is no error. */
export interface Attempt {
  readonly status: number | null;
  readonly error: string | null;
}

/** Sends a delivery once. Whatever the receiver does is an outcome; what throws is ours. */
export async function send(platform: Platform, delivery: DueDelivery): Promise<Attempt> {
  const { id, url, webhookId } = delivery;
  if (!isTarget(url, targetRules(platform))) return { status: null, error: 'this URL may not be called any more' };
  const now = platform.now();
  const body = JSON.stringify(await messageOf(platform, delivery));
  const secrets = await Promise.all(
    inForce(delivery.secrets, now).map(({ sealed }) => openSecret(platform.env, webhookId, sealed)),
  );
  const signature = await signatureHeaders({ id, timestampS: Math.floor(now.getTime() / 1_000), body }, secrets);
  const headers = { 'content-type': 'application/json', 'user-agent': 'Soma-Webhooks/1', ...signature };
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers,
      body,
    });
    // Nobody reads what a receiver says, however much it is.
    await response.body?.cancel();
    return { status: response.status, error: response.ok ? null : refusalOf(response.status) };
  } catch (error) {
    return { status: null, error: reasonOf(error).slice(0, MOST_ERROR_LENGTH) };
  }
}

/** Of a name that nobody has, or a port that nobody listens at, workerd says no more than that it is an internal error, and a number. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `it did not answer in time: within ${TIMEOUT_MS / 1_000} s`;
  return /^internal error/i.test(error.message) ? 'it cannot be reached' : `it cannot be reached: ${error.message}`;
}

function refusalOf(status: number): string {
  if (status >= 300 && status < 400) return `it answered ${status}; redirects are not followed`;
  return `it answered ${status}; expected 2xx`;
}
