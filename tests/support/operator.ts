import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Cell } from '#contracts/cells';
import { setPublisherVerified } from '#local/operator';
import { findRunningPlatform } from '#local/state';

/**
 * Vouches for a publisher as an operator of the platform at `url`. A test knows a platform by its public origin alone; where it keeps the
 * operator's certificate is found by what every platform writes about itself. An edge without runners has no operator, and needs none.
 */
export async function verifyPublisher(url: string, cell: Cell, handle: string): Promise<void> {
  const dataDirectory = await directoryOf(url);
  if (dataDirectory !== undefined) await setPublisherVerified({ dataDirectory, cell, handle, isVerified: true });
}

async function directoryOf(url: string): Promise<string | undefined> {
  const names = await readdir(tmpdir());
  for (const name of names.filter((candidate) => candidate.startsWith('soma-'))) {
    const platform = await findRunningPlatform(join(tmpdir(), name));
    if (platform?.publicUrl === url) return join(tmpdir(), name);
  }
  return undefined;
}
