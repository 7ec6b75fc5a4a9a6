import type { CatalogueEntry } from '#contracts/api/catalogue';
import { CELLS } from '#contracts/cells';
import { newId } from '#contracts/ids';
import type { Transaction } from '#db/postgres/client';
import { outbox } from '#db/postgres/schema/index';

import type { Platform } from '../../context.ts';
import { applyEntry } from './apply.ts';

export const CATALOGUE_KIND = 'catalogue';

/**
 * Makes a version known in the transaction that changes it: at once in this cell's own catalogue, so that a publisher reads
 * what it wrote, and through the outbox in every other cell.
 */
export async function announce(tx: Transaction, { cell }: Platform, entry: CatalogueEntry): Promise<void> {
  await applyEntry(tx, entry);
  const rows = CELLS.filter((other) => other !== cell).map((destination) => ({
    id: newId('out'),
    kind: CATALOGUE_KIND,
    destination,
    payload: entry,
  }));
  if (rows.length > 0) await tx.insert(outbox).values(rows);
}
