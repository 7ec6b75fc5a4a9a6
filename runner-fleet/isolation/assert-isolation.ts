import { chmodSync, copyFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';

import type { IsolationClass } from '#contracts/isolation';

import type { Executor, Sandbox } from '../executor/executor.ts';
import type { SandboxShape, Urgency } from '../executor/sandbox-shape.ts';
import { groupLimits, temporaryFolders } from '../executor/sandbox-spec.ts';
import { encodeRequest, FRAME, FrameDecoder } from '../executor/wire.ts';
import { IMAGE_NAMES, type ImageName } from '../images/recipe.ts';
import { reasonOf } from '../log.ts';
import { viewFromOutside } from './host-view.ts';
import { type Expectation, InsideView, READ_ONLY_FOLDERS, violations } from './judge.ts';
import { refusedCalls } from './refused-calls.ts';
import { architectureOf } from './seccomp-profile.ts';

/** One in the language of each image. */
const PROBES: Readonly<Record<ImageName, string>> = { node24: 'probe.mjs', 'python3.11': 'probe.py' };
const PROBE_TIMEOUT_MS = 20_000;
const MIB = 2 ** 20;
const SHAPE: Omit<SandboxShape, 'image' | 'isolation'> = {
  memoryBytes: 96 * MIB,
  diskBytes: MIB,
  artifactBytes: MIB,
  cpuMillis: 1_000,
  pids: 48,
};

type Prover = Pick<Executor, 'boot' | 'hasOwnUserNamespace'>;

/**
 * Boots a sandbox of the class from every image, all at the same time, and holds each to what the class promises, as seen from
 * inside and from the host.
 * @throws an error that says what is not so
 */
export async function assertIsolation(
  executor: Prover,
  isolation: IsolationClass,
  urgency: Urgency = 'awaited',
): Promise<void> {
  const proofs = await Promise.allSettled(
    IMAGE_NAMES.map((image) => assertSandbox(executor, { ...SHAPE, image, isolation }, urgency)),
  );
  const failed = proofs.filter((proof) => proof.status === 'rejected');
  if (failed.length > 0) throw new Error(failed.map(({ reason }) => reasonOf(reason)).join('; '));
}

async function assertSandbox(executor: Prover, shape: SandboxShape, urgency: Urgency): Promise<void> {
  const { image, isolation } = shape;
  const sandbox = await executor.boot(shape, urgency);
  try {
    const outside = viewFromOutside(sandbox.group);
    const inside = await viewFromInside(sandbox);
    const expected: Expectation = {
      isolation,
      limits: groupLimits(shape),
      temporaryFolders: temporaryFolders(shape),
      hasOwnUserNamespace: executor.hasOwnUserNamespace(isolation),
      hostKernelRelease: release(),
    };
    const found = violations(expected, inside, outside);
    if (found.length > 0) throw new Error(`${isolation} isolation does not hold for ${image}: ${found.join('; ')}`);
  } finally {
    await sandbox.dispose();
  }
}

async function viewFromInside(sandbox: Sandbox): Promise<InsideView> {
  const probe = PROBES[sandbox.shape.image];
  const copy = join(sandbox.capsuleDirectory, probe);
  copyFileSync(join(import.meta.dirname, probe), copy);
  chmodSync(copy, 0o644);
  const { bytes } = encodeRequest({
    wallMs: PROBE_TIMEOUT_MS,
    artifacts: { maxFiles: 0, maxBytes: 0 },
    secrets: {},
    egressPorts: [],
    input: Buffer.from(JSON.stringify(questionsTo(sandbox))),
    job: { style: 'handler', entrypoint: probe, runId: 'probe', mayWriteArtifacts: false, datasets: [] },
  });
  sandbox.channel.write(bytes);
  const said = await untilTrailer(sandbox);
  const line = said.result.split('\n').find((text) => text.startsWith('{"result":'));
  if (line === undefined) throw new Error(`the probe did not answer: ${said.stderr.slice(-1_000)}`);
  const { result }: { result?: unknown } = JSON.parse(line);
  return InsideView.parse(result);
}

function questionsTo({ shape }: Sandbox) {
  const temporary = temporaryFolders(shape).map(({ path }) => path);
  return {
    folders: [...temporary, ...READ_ONLY_FOLDERS],
    temporary,
    calls: refusedCalls(architectureOf(process.arch)),
  };
}

async function untilTrailer({ channel }: Sandbox): Promise<{ result: string; stderr: string }> {
  const decoder = new FrameDecoder();
  const said = { result: '', stderr: '' };
  const late = setTimeout(() => channel.destroy(), PROBE_TIMEOUT_MS);
  try {
    for await (const chunk of channel) {
      if (!Buffer.isBuffer(chunk)) continue;
      for (const { type, bytes } of decoder.decode(chunk)) {
        if (type === FRAME.result) said.result += bytes.toString('utf8');
        if (type === FRAME.stderr) said.stderr += bytes.toString('utf8');
        if (type === FRAME.trailer) return said;
      }
    }
    return said;
  } finally {
    clearTimeout(late);
  }
}
