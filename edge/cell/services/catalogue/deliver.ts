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
  const { status, body } = await callPeer(platform, Cell.parse(destination), {
    path: '/internal/v1/catalogue',
    json: CatalogueEntry.parse(payload),
  });
  if (status === 204) return;
  const detail = new TextDecoder().decode(body);
  throw new Unavailable(`${destination} answered ${status} to a catalogue entry: ${detail}`);
}
