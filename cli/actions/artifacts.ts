import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

import type { ArtifactLink, ArtifactList } from '#contracts/api/artifacts';
import { ArtifactPath } from '#contracts/artifact';
import * as api from '#contracts/operations/artifacts';

import { connect } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { Failure } from '../failure.ts';
import { call, type Connection } from '../http.ts';
import { refuseToReplace } from '../new-file.ts';
import { bytes, note, printJson, printLine, printTable } from '../output.ts';

const DOWNLOAD_TIMEOUT_MS = 120_000;
const PENDING_POLL_MS = 500;
/** Files come into the bucket within moments of the end, unless something is amiss. */
const PENDING_POLLS = 60;

export async function list(this: Context, { json }: JsonFlag, id: string): Promise<void> {
  const { items } = await call(api.list, { params: { id } }, await connect(this.process.env));
  if (json) return printJson(this.process, items);
  if (items.length === 0) return printLine(this.process, 'The run left no files.');
  printTable(
    this.process,
    ['path', 'size', 'state', 'until', 'sha256'],
    items.map((item) => [item.path, bytes(item.sizeBytes), item.state, item.expiresAt, item.sha256]),
  );
}

export interface DownloadFlags {
  readonly out?: string;
}

/** Writes every file where it lay below /out, and none over a file that is there. */
export async function download(this: Context, { out }: DownloadFlags, id: string): Promise<void> {
  const folder = out ?? id;
  const { items } = await settled(await connect(this.process.env), id);
  if (items.length === 0) return printLine(this.process, 'The run left no files.');
  for (const item of items) {
    if (item.url === null) {
      note(this.process, `✗ ${item.path} is ${item.state}`);
      continue;
    }
    const path = join(folder, ArtifactPath.parse(item.path));
    await fetchInto(path, item, item.url);
    printLine(this.process, path);
  }
  const missing = items.filter(({ url }) => url === null).length;
  if (missing > 0) throw new Failure(`${missing} of ${items.length} files could not be had`);
}

async function settled(connection: Connection, id: string): Promise<ArtifactList> {
  for (let poll = 1; ; poll += 1) {
    const found = await call(api.list, { params: { id } }, connection);
    if (poll === PENDING_POLLS || found.items.every(({ state }) => state !== 'pending')) return found;
    await delay(PENDING_POLL_MS);
  }
}

async function fetchInto(path: string, { sha256 }: ArtifactLink, url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS), redirect: 'error' });
  if (!response.ok || !response.body) throw new Failure(`${path}: the platform answered ${response.status}`);
  const hash = createHash('sha256');
  await mkdir(dirname(path), { recursive: true });
  const body = response.body;
  const hashed = async function* () {
    for await (const chunk of body) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(hashed, createWriteStream(path, { flags: 'wx' })).catch(refuseToReplace(path, 'folder'));
  if (hash.digest('hex') === sha256) return;
  await rm(path);
  throw new Failure(`${path}: what came is not what the receipt names`);
}
