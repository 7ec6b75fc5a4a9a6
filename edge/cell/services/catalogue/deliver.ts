import { CatalogueEntry } from '#contracts/api/catalogue';
import { Cell } from '#contracts/cells';
import { Unavailable } from '#contracts/errors';

import { callPeer } from '../../clients/peer.ts';
import type { Platform } from '../../context.ts';

/**
 * Hands a catalogue entry of the outbox to the cell it is for. Safe to repeat: the peer keeps the greatest revision.
 * @throws Unavailable the peer did not take it; the relay tries again
 */
export async function deliverCatalogue(platform: Platform, destination: string, payload: unknown): Promise<void> {
  const response = await callPeer(platform, Cell.parse(destination), '/internal/v1/catalogue', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(CatalogueEntry.parse(payload)),
  });
  if (response.ok) return;
  throw new Unavailable(`${destination} answered ${response.status} to a catalogue entry: ${await response.text()}`);
}
