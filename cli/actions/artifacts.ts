import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

import type { ArtifactLink, ArtifactList } from '#contracts/api/artifacts';
import { ArtifactPath } from '#contracts/artifact';
import * as api from '#contracts/operations/artifacts';

import { connect } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { Failure } from '../failure.ts';
import { call, type Connection, Unreachable } from '../http.ts';
import { bytes, note, printJson, printLine, printTable } from '../output.ts';

const DOWNLOAD_TIMEOUT_MS = 120_000;
/** Links that end sooner are asked for anew. */
const LINK_MARGIN_MS = 10_000;
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

/**
 * Writes every file where it lay below /out, and none over a file that is there. One that is there already counts where it is the one that the
 * receipt names: a download that broke is asked for once more.
 */
export async function download(this: Context, { out }: DownloadFlags, id: string): Promise<void> {
  const folder = out ?? id;
  const connection = await connect(this.process.env);
  let { items, urlsExpireAt } = await settled(connection, id);
  if (items.length === 0) return printLine(this.process, 'The run left no files.');
  let missing = 0;
  for (const { path } of items) {
    if (Date.parse(urlsExpireAt) - Date.now() < LINK_MARGIN_MS)
      ({ items, urlsExpireAt } = await call(api.list, { params: { id } }, connection));
    const item = items.find((each) => each.path === path);
    if (item?.url) {
      const to = join(folder, ArtifactPath.parse(path));
      await bring(to, item, item.url);
      printLine(this.process, to);
    } else {
      note(this.process, `✗ ${path} is ${item?.state ?? 'kept no more'}`);
      missing += 1;
    }
  }
  if (missing > 0) throw new Failure(`${missing} of ${items.length} files could not be had`);
}

async function settled(connection: Connection, id: string): Promise<ArtifactList> {
  for (let poll = 1; ; poll += 1) {
    const found = await call(api.list, { params: { id } }, connection);
    if (poll === PENDING_POLLS || found.items.every(({ state }) => state !== 'pending')) return found;
    await delay(PENDING_POLL_MS);
  }
}

/** Under another name until it is whole, so that whoever is cut off leaves nothing that looks like the file. */
async function bring(path: string, { sha256 }: ArtifactLink, url: string): Promise<void> {
  const there = await digestOf(path);
  if (there === sha256) return;
  if (there !== undefined) throw new Failure(`${path} is there already; name another folder with --out`);
  await mkdir(dirname(path), { recursive: true });
  const folder = await mkdtemp(join(dirname(path), '.soma-'));
  const part = join(folder, 'part');
  try {
    await pipeline(await openLink(path, url), createWriteStream(part));
    if ((await digestOf(part)) !== sha256) throw new Failure(`${path}: what came is not what the receipt names`);
    await rename(part, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function openLink(path: string, url: string): Promise<ReadableStream<Uint8Array>> {
  const signal = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS);
  const response = await fetch(url, { signal, redirect: 'error' }).catch((error: unknown) => {
    throw new Unreachable(new URL(url).origin, error);
  });
  if (!response.ok || !response.body) throw new Failure(`${path}: the platform answered ${response.status}`);
  return response.body;
}

/** Undefined where there is no such file. */
async function digestOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return hash.digest('hex');
}
