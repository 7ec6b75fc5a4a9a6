import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { newId } from '#contracts/ids';
import { SMALL } from '#support/fake-executor';
import { CountedSandbox, FakeSandbox } from '#support/fake-sandbox';
import { someRun } from '#support/some-run';

import { AddressRules } from '../egress/addresses.ts';
import type { Sandbox } from '../executor/executor.ts';
import { FRAME, type FrameType, KILL_WORD } from '../executor/wire.ts';
import { RunStarter } from './run-starter.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'soma-run-starter-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function starterWith(sandbox: Sandbox, layOut: () => Promise<void> = () => Promise.resolve()) {
  const told = { faults: [] as string[], left: 0, signed: 0 };
  const starter = new RunStarter({
    admission: { enter: () => Promise.resolve(sandbox), leave: () => void told.left++ },
    bundles: { linkInto: () => layOut().then(() => []) },
    network: { resolve: () => Promise.resolve([]), addresses: new AddressRules([]) },
    lease: { holds: () => true },
    sealer: {
      spiffeId: 'spiffe://soma.test/cell/eu-west-1/runner/runner-1',
      runnerId: newId('rnr'),
      sign: () => Promise.resolve(`receipt ${++told.signed}`),
      onUnsigned: () => undefined,
    },
    onFault: (what) => void told.faults.push(what),
    onEnded: () => undefined,
    spoolPath: (runId) => join(directory, `${runId}.ndjson`),
  });
  return { starter, told };
}

/** The runner's end of a connection, and that of process 1. */
async function connected(path: string): Promise<[Socket, Socket]> {
  const server = createServer().listen(path);
  const accepted = once(server, 'connection');
  const process1 = connect(path);
  const [channel] = await accepted;
  server.close();
  return [channel, process1];
}

function frame(type: FrameType, body: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(type);
  header.writeUInt32LE(body.length, 1);
  return Buffer.concat([header, body]);
}

test('a sandbox that dies while its files are laid out becomes no run, and its place is given back', async () => {
  const sandbox = new CountedSandbox(SMALL, join(directory, 'groups'));
  const { starter, told } = starterWith(sandbox, async () => {
    sandbox.channel.destroy();
    await once(sandbox.channel, 'close');
  });
  await expect(starter.start(someRun())).rejects.toMatchObject({ code: 'unavailable' });
  expect(told).toEqual({ faults: ['a run could not be handed over'], left: 1, signed: 0 });
  expect(readdirSync(directory).filter((name) => name.endsWith('.ndjson'))).toEqual([]);
});

test('a sandbox whose group is gone becomes no run, and its end is nothing that anybody waits for', async () => {
  const sandbox = new FakeSandbox(SMALL);
  const { starter, told } = starterWith(sandbox);
  const closed = once(sandbox.channel, 'close');
  await expect(starter.start(someRun())).rejects.toMatchObject({ code: 'unavailable' });
  await closed;
  await turn();
  expect(told).toEqual({ faults: ['a run could not be handed over'], left: 1, signed: 0 });
});

test('where the disk has no room for what a run left, the runner failed and not the run', async () => {
  const [channel, process1] = await connected(join(directory, 'control'));
  const { starter, told } = starterWith(new CountedSandbox(SMALL, join(directory, 'groups'), channel));
  // A strict run is taken to have ended its sandbox itself where nobody else did, and pays for it.
  const start = someRun({ isolation: 'strict', artifacts: true });
  const files = join(directory, `${start.runId}.ndjson.artifacts`);
  mkdirSync(files);
  symlinkSync('/dev/full', join(files, 'incoming'));
  const { spool, run } = await starter.start(start);
  const size = Buffer.from([4, 0, 0, 0]);
  process1.write(frame(FRAME.artifact, Buffer.concat([size, Buffer.from('report.txt')])));
  process1.write(frame(FRAME.artifactData, Buffer.from('half')));
  // It is told to end, and does.
  process1.on('data', (bytes: Buffer) => bytes.at(-1) === KILL_WORD[0] && process1.end());
  await run?.ended;
  expect(spool.end?.outcome).toMatchObject({ state: 'lost', cause: 'spool_failed' });
  expect(told).toEqual({ faults: ['a file could not be kept'], left: 1, signed: 1 });
  expect(existsSync(files)).toBe(false);
  spool.remove();
});
