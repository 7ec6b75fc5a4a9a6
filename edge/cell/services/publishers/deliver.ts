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
  const response = await callPeer(platform, Cell.parse(destination), '/internal/v1/catalogue/publishers', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(PublisherVerification.parse(payload)),
  });
  if (response.ok) return;
  throw new Unavailable(`${destination} answered ${response.status} to a publisher: ${await response.text()}`);
}
