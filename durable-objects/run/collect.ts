import { type Artifact } from '#contracts/artifact';
import { type DatasetPart, rowLine } from '#contracts/dataset';
import { toHex } from '#contracts/digest';
import type { JsonValue } from '#contracts/json';
import { artifactKey, datasetKey } from '#contracts/stored-object';

import type { RunEnv } from '../env.ts';
import { within } from '../within.ts';
import { conclusionOf, isTriedEnough } from './lifecycle.ts';
import { runnerAt } from './runner-at.ts';
import type { RunStore } from './store.ts';

const CALL_LIMIT_MS = 10_000;

type Writable = WritableStream<Uint8Array>;

interface Expected {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Brings what the run left into the cell's bucket, and tells the database what came and what never will. Repeated, it changes nothing: every
 * object has one place, and the bucket itself checks its bytes against the receipt.
 */
export async function collect(env: RunEnv, store: RunStore): Promise<void> {
  const { left } = conclusionOf(store.facts);
  if (!left) return;
  const { runId, tenantId } = store.request.start;
  const artifactSha256s = [];
  // The same bytes under two names are one object.
  for (const artifact of new Map(left.artifacts.map((each) => [each.sha256, each])).values()) {
    if (await keepArtifact(env, store, artifact)) artifactSha256s.push(artifact.sha256);
  }
  const datasetNames = [];
  for (const part of left.datasets) if (await keepDataset(env, store, part)) datasetNames.push(part.name);
  const telling = env.SELF.recordRunCollected({ runId, tenantId, artifactSha256s, datasetNames });
  await within(CALL_LIMIT_MS, 'recording what came', telling);
}

/** False where the file will never come. */
async function keepArtifact(env: RunEnv, store: RunStore, { sha256, sizeBytes }: Artifact): Promise<boolean> {
  const { placement } = store.facts;
  const { runId, tenantId } = store.request.start;
  const key = artifactKey(tenantId, sha256);
  if (await env.BLOBS.head(key)) return true;
  if (!placement) return false;
  try {
    const runner = await runnerAt(env, placement, store.facts);
    const body = await runner.artifact(runId, sha256);
    if (!body) return false;
    await putStream(env.BLOBS, key, { sha256, sizeBytes }, (writable) => body.pipeTo(writable));
    return true;
  } catch (error) {
    // A runner that does not hand a file over for so long is gone, or does not hold what its receipt says.
    if (!isTriedEnough(store.facts, Date.now())) throw error;
    console.error({ message: 'a file of a run is given up', runId, sha256, error: String(error) });
    return false;
  }
}

/** False where what the run said are other rows than the receipt's: they are all here, and no retry changes them. */
async function keepDataset(env: RunEnv, store: RunStore, part: DatasetPart): Promise<boolean> {
  const { runId, tenantId } = store.request.start;
  const { name } = part;
  const key = datasetKey(tenantId, runId, name);
  const write = (to: Writable) => writeRows(store.said.rows(name), to);
  try {
    await putStream(env.BLOBS, key, part, write);
    return true;
  } catch (error) {
    if (await isWritten(part, write)) throw error;
    // Where more was said than the receipt is about, the bucket has taken the beginning.
    await env.BLOBS.delete(key);
    console.error({ message: 'the receipt of a run is about other rows', runId, name, error: String(error) });
    return false;
  }
}

/** Returns how many bytes they are. */
async function writeRows(rows: Iterable<JsonValue>, writable: Writable): Promise<number> {
  const encoder = new TextEncoder();
  const writer = writable.getWriter();
  let sizeBytes = 0;
  try {
    for (const row of rows) {
      const line = encoder.encode(rowLine(row));
      await writer.write(line);
      sizeBytes += line.length;
    }
    await writer.close();
    return sizeBytes;
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
}

async function isWritten({ sha256, sizeBytes }: Expected, write: (to: Writable) => Promise<number>): Promise<boolean> {
  const digesting = new crypto.DigestStream('SHA-256');
  const writtenBytes = await write(digesting);
  return writtenBytes === sizeBytes && toHex(new Uint8Array(await digesting.digest)) === sha256;
}

/** Neither more nor fewer bytes than expected, and no others: it fails where they are, and nothing comes into the bucket afterwards. */
async function putStream(
  bucket: R2Bucket,
  key: string,
  { sha256, sizeBytes }: Expected,
  write: (to: Writable) => Promise<unknown>,
): Promise<void> {
  const { readable, writable } = new FixedLengthStream(sizeBytes);
  const storing = bucket.put(key, readable, { sha256 });
  try {
    await Promise.all([storing, write(writable)]);
  } finally {
    await storing.catch(() => undefined);
  }
}
