import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import { newId } from '#contracts/ids';
import { SMALL } from '#support/fake-executor';
import { CountedSandbox } from '#support/fake-sandbox';
import { someRun } from '#support/some-run';

import { Refusal } from '../door/refusal.ts';
import { AddressRules } from '../egress/addresses.ts';
import type { Sandbox } from '../executor/executor.ts';
import { ArtifactFolder } from './artifact-folder.ts';
import { RunTable, type RunTableOptions } from './run-table.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'soma-run-table-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const NO_SANDBOXES: RunTableOptions['admission'] = {
  enter: () => Promise.reject(new Refusal('at_capacity', 'there are no sandboxes here')),
  leave: () => undefined,
  close: () => undefined,
};

function tableIn(spools: string, faults: string[] = [], admission = NO_SANDBOXES): RunTable {
  return new RunTable({
    directory: spools,
    admission,
    maxSpoolBytes: 2 ** 20,
    isolationClasses: () => ['standard'],
    bundles: { has: () => true, hold: () => () => undefined, linkInto: () => Promise.resolve([]) },
    network: { resolve: () => Promise.resolve([]), addresses: new AddressRules([]) },
    lease: { holds: () => true },
    sealer: {
      spiffeId: 'spiffe://soma.test/cell/eu-west-1/runner/runner-1',
      runnerId: newId('rnr'),
      sign: () => Promise.resolve('receipt'),
      onUnsigned: () => undefined,
    },
    onFault: (what) => void faults.push(what),
    onEnded: () => undefined,
  });
}

/** One that ends without a sandbox: no runtime boots in so little memory. */
const tinyRun = () => someRun({ resources: { memoryBytes: 16 * 2 ** 20 } });

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return [];
    }
  });
}

test('of runs whose ends were acknowledged no file and no descriptor is left', async () => {
  const table = tableIn(directory);
  const starts = Array.from({ length: 20 }, tinyRun);
  const spools = await Promise.all(starts.map((start) => table.begin(start)));
  expect(readdirSync(directory)).toHaveLength(20);
  expect(openFiles().filter((path) => path.startsWith(directory))).toHaveLength(20);

  for (const [index, { runId }] of starts.entries()) table.acknowledge(runId, spools[index]?.lastSeq ?? 0);
  expect(readdirSync(directory)).toEqual([]);
  expect(openFiles().filter((path) => path.startsWith(directory))).toEqual([]);
  for (const { runId } of starts) await expect(table.spoolOf(runId)).rejects.toMatchObject({ code: 'unknown_run' });
});

test('a run that was acknowledged is not run again by a request that comes late', async () => {
  const table = tableIn(directory);
  const start = tinyRun();
  const spool = await table.begin(start);
  table.acknowledge(start.runId, spool.lastSeq);
  await expect(table.begin(start)).rejects.toMatchObject({ code: 'run_id_reused' });
});

test('a run whose end nobody comes for is told of like one that was lost, until it is acknowledged', async () => {
  const table = tableIn(directory);
  const start = tinyRun();
  const spool = await table.begin(start);
  expect(table.lostRunIds).toEqual([]);
  vi.useFakeTimers({ now: spool.lastAtMs + 3_600_001, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  expect(table.lostRunIds).toEqual([start.runId]);
  table.acknowledge(start.runId, spool.lastSeq);
  expect(table.lostRunIds).toEqual([]);
});

test('a run that the runner died in is ended as lost, also where its files cannot be removed', async () => {
  const start = tinyRun();
  const spool = await tableIn(directory).begin(start);
  const path = join(directory, `${start.runId}.ndjson`);
  // As if the process had died before the end was written.
  truncateSync(path, spool.positionAfter(0));
  const remove = vi.spyOn(ArtifactFolder.prototype, 'remove').mockImplementation(() => {
    throw new Error('the disk does not let go of it');
  });
  onTestFinished(() => remove.mockRestore());
  const faults: string[] = [];
  const again = tableIn(directory, faults);
  again.recover();
  await vi.waitFor(() => expect(again.lostRunIds).toEqual([start.runId]));
  expect((await again.spoolOf(start.runId)).end?.outcome).toMatchObject({ state: 'lost', cause: 'runner_died' });
  expect(faults).toEqual(['files of a lost run could not be removed']);
});

test('a spool that cannot be read for now stays where it is, and is served once it can be', async () => {
  const start = tinyRun();
  const { runId } = start;
  const { end } = await tableIn(directory).begin(start);
  const path = join(directory, `${runId}.ndjson`);
  // The system refuses to open it (ELOOP), as it does where no descriptor is left or a disk fails.
  renameSync(path, `${path}.held`);
  symlinkSync(path, path);
  const faults: string[] = [];
  const again = tableIn(directory, faults);
  again.recover();
  expect([faults, readdirSync(directory)]).toEqual([
    ['a spool cannot be read for now'],
    [`${runId}.ndjson`, `${runId}.ndjson.held`],
  ]);
  // Nothing is certain of it: neither that it is unknown, nor that it may be started.
  for (const asked of [again.spoolOf(runId), again.begin(start), again.cancel(runId)]) {
    await expect(asked).rejects.toMatchObject({ code: 'internal' });
  }
  expect(() => again.acknowledge(runId, 1)).toThrow('cannot be read for now');

  renameSync(`${path}.held`, path);
  await vi.waitFor(async () => expect((await again.spoolOf(runId)).end).toEqual(end), { timeout: 5_000 });
  again.acknowledge(runId, end?.seq ?? 0);
  expect(readdirSync(directory)).toEqual([]);
});

test('a spool that is damaged is set aside for a person to look at', async () => {
  const start = tinyRun();
  await tableIn(directory).begin(start);
  appendFileSync(join(directory, `${start.runId}.ndjson`), 'no frame\n');
  const faults: string[] = [];
  const again = tableIn(directory, faults);
  again.recover();
  expect([faults, readdirSync(directory)]).toEqual([['a spool cannot be read'], [`${start.runId}.ndjson.unreadable`]]);
  await expect(again.spoolOf(start.runId)).rejects.toMatchObject({ code: 'unknown_run' });
});

test('a run whose sandbox comes only when the time to drain is over does not begin, and may begin elsewhere', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const coming = Promise.withResolvers<Sandbox>();
  const enter = vi.fn<() => Promise<Sandbox>>(() => coming.promise);
  const leave = vi.fn<() => void>();
  const spools = join(directory, 'spools');
  const table = tableIn(spools, [], { ...NO_SANDBOXES, enter, leave });
  const starting = table.begin(someRun());
  await vi.waitFor(() => expect(enter).toHaveBeenCalledOnce());
  const draining = table.drain(1_000);
  vi.advanceTimersByTime(1_000);
  coming.resolve(new CountedSandbox(SMALL, join(directory, 'groups')));
  await expect(starting).rejects.toMatchObject({ code: 'draining' });
  await draining;
  expect(leave).toHaveBeenCalledOnce();
  expect(readdirSync(spools)).toEqual([]);
});
