import { type Artifact } from '#contracts/artifact';
import { type DatasetPart, rowLine } from '#contracts/dataset';
import { artifactKey, datasetKey } from '#contracts/stored-object';

import type { RunEnv } from '../env.ts';
import { within } from '../within.ts';
import { conclusionOf, isTriedEnough } from './lifecycle.ts';
import { runnerAt } from './runner-at.ts';
import type { RunStore } from './store.ts';

const CALL_LIMIT_MS = 10_000;

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
  for (const part of left.datasets) await keepDataset(env, store, part);
  const datasetNames = left.datasets.map(({ name }) => name);
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

async function keepDataset(env: RunEnv, store: RunStore, { name, sha256, sizeBytes }: DatasetPart): Promise<void> {
  const { runId, tenantId } = store.request.start;
  await putStream(env.BLOBS, datasetKey(tenantId, runId, name), { sha256, sizeBytes }, async (writable) => {
    const encoder = new TextEncoder();
    const writer = writable.getWriter();
    for (const row of store.said.rows(name)) await writer.write(encoder.encode(rowLine(row)));
    await writer.close();
  });
}

interface Expected {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Neither more nor fewer bytes than expected, and no others: the put fails where they are. */
async function putStream(
  bucket: R2Bucket,
  key: string,
  { sha256, sizeBytes }: Expected,
  write: (writable: WritableStream<Uint8Array>) => Promise<void>,
): Promise<void> {
  const { readable, writable } = new FixedLengthStream(sizeBytes);
  await Promise.all([bucket.put(key, readable, { sha256 }), write(writable)]);
}
