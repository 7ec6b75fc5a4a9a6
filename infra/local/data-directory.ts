import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { CELLS } from '#contracts/cells';

/** Written before anything else, so that a folder that has it is a platform's. */
const MARK = 'secrets.json';
/** What other commands keep beside a platform: neither a stranger's, nor lost when one starts over. */
const NEIGHBOURS = ['tools', 'conformance'];
/** Mounted or made for a platform before its first start; the tests keep the log of the engine there, too. */
const PREPARED: readonly string[] = [...CELLS, ...CELLS.map((cell) => `worker-${cell}`), 'router', 'logs'];

export class ForeignDirectory extends Error {
  constructor(directory: string, names: readonly string[]) {
    super(
      `${directory} holds other things than a platform's (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}); ` +
        'give it a folder of its own with SOMA_DATA_DIR',
    );
    this.name = 'ForeignDirectory';
  }
}

/** Makes the folder where there is none. @throws ForeignDirectory for one in which a platform would write over, or delete, what is not its own */
export async function claimDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const names = await readdir(directory);
  if (names.includes(MARK)) return;
  const foreign = names.filter((name) => !NEIGHBOURS.includes(name) && !PREPARED.includes(name));
  if (foreign.length > 0) throw new ForeignDirectory(directory, foreign);
}

/** Forgets everything that a platform kept in a claimed folder. */
export async function emptyDirectory(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => !NEIGHBOURS.includes(name));
  await Promise.all(names.map((name) => rm(join(directory, name), { recursive: true, force: true })));
}
