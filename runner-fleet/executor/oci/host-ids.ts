import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

import { hostPids } from '../host-pids.ts';

/** Above what a machine's own users and their subordinate ids usually have, and below 2³¹. */
const FIRST_HOST_ID = 2 ** 19;
/** As many as a machine usually has for a user. */
export const IDS_PER_SANDBOX = 2 ** 16;
const SANDBOXES_PER_RANGE = 256;
const RANGES = 64;
const IDS_PER_RANGE = IDS_PER_SANDBOX * SANDBOXES_PER_RANGE;
/** The mapping of those that are in the user namespace of the machine. */
const ALL_IDS = 2 ** 32 - 1;

/**
 * User ids of the host for sandboxes, so that nothing is counted, and nothing permitted, for two of them together. They are handed out from
 * ranges, each of which belongs to one process at a time.
 *
 * Invariant: ids that are given out belong to no other sandbox that lives. Within a process they are not given out again before they came
 * back. Between processes a range is claimed by binding an abstract unix socket, which the kernel takes back with the process, and left
 * alone where anything still lives in it. That holds for runners that share the network and process namespaces of their machine; others
 * cannot see each other, and begin to look at a random range.
 */
export class HostIds {
  readonly #claims: Server[] = [];
  /** The one that came back last goes last. */
  readonly #free: number[] = [];
  readonly #startRange: number;
  #claiming: Promise<void> | undefined;

  /** `startRange`: where it begins to look for a range of its own. */
  constructor(startRange: number = Math.floor(Math.random() * RANGES)) {
    this.#startRange = startRange;
  }

  /** The first id of `IDS_PER_SANDBOX`. @throws where all are others' */
  async take(): Promise<number> {
    for (;;) {
      const first = this.#free.shift();
      if (first !== undefined) return first;
      this.#claiming ??= this.#claimRange().finally(() => (this.#claiming = undefined));
      await this.#claiming;
    }
  }

  /** Nothing has them any more. */
  giveBack(first: number): void {
    this.#free.push(first);
  }

  close(): void {
    this.#free.length = 0;
    for (const claim of this.#claims.splice(0)) claim.close();
  }

  async #claimRange(): Promise<void> {
    for (let offset = 0; offset < RANGES; offset += 1) {
      const range = (this.#startRange + offset) % RANGES;
      const claim = await bind(`\0soma-host-ids-${range}`);
      if (!claim) continue;
      const first = FIRST_HOST_ID + range * IDS_PER_RANGE;
      // Looked at only now: from here on nobody else begins anything in it.
      if (await isLivedIn(first)) {
        claim.close();
        continue;
      }
      this.#claims.push(claim);
      for (let index = 0; index < SANDBOXES_PER_RANGE; index += 1) this.#free.push(first + index * IDS_PER_SANDBOX);
      return;
    }
    throw new Error('no host ids are left: other runners of this machine have all of them');
  }
}

async function bind(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ path });
  try {
    await once(server, 'listening');
    return server.unref();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

/** What a process that is dead left behind may take a while to die. */
async function isLivedIn(first: number): Promise<boolean> {
  const pids = await hostPids();
  const maps = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/uid_map`, 'utf8').catch(() => '')));
  return maps.some((map) =>
    mappingsOf(map).some(({ hostId, size }) => hostId < first + IDS_PER_RANGE && hostId + size > first),
  );
}

/** Of a text of user_namespaces(7): `id inside, id outside, how many` a line. */
function mappingsOf(map: string): { readonly hostId: number; readonly size: number }[] {
  const lines = map.split('\n').filter((line) => line !== '');
  const mappings = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return mappings.flatMap(([, hostId, size]) =>
    hostId === undefined || size === undefined || size === ALL_IDS ? [] : [{ hostId, size }],
  );
}
