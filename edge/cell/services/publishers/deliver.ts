import { PublisherVerification } from '#contracts/api/publishers';
import { Cell } from '#contracts/cells';
import { Unavailable } from '#contracts/errors';

import { callPeer } from '../../clients/peer.ts';
import type { Platform } from '../../context.ts';

export const PUBLISHER_KIND = 'publisher';

/**
 * Tells another cell whether a publisher is verified. Safe to repeat: the peer keeps the greatest revision.
 * @throws Unavailable the peer did not take it; the relay tries again
 */
export async function deliverVerification(platform: Platform, destination: string, payload: unknown): Promise<void> {
  const { status, body } = await callPeer(platform, Cell.parse(destination), {
    path: '/internal/v1/catalogue/publishers',
    json: PublisherVerification.parse(payload),
  });
  if (status === 204) return;
  throw new Unavailable(`${destination} answered ${status} to a publisher: ${new TextDecoder().decode(body)}`);
}
