import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { Digest } from '#contracts/digest';
import { newId } from '#contracts/ids';
import { StartRun } from '#contracts/runner';
import { SMALL } from '#support/fake-executor';
import { FakeSandbox } from '#support/fake-sandbox';

import { AddressRules } from '../egress/addresses.ts';
import { ControlGroup } from '../executor/control-group.ts';
import type { Sandbox } from '../executor/executor.ts';
import { RunStarter } from './run-starter.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'soma-run-starter-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** One whose counters can be read, also once it is dead. */
class CountedSandbox extends FakeSandbox {
  override readonly group: ControlGroup;

  constructor(root: string) {
    super(SMALL);
    mkdirSync(join(root, 'box'), { recursive: true });
    writeFileSync(join(root, 'cgroup.controllers'), '');
    writeFileSync(join(root, 'box/cpu.stat'), 'usage_usec 7\n');
    writeFileSync(join(root, 'box/memory.peak'), '1024\n');
    writeFileSync(join(root, 'box/memory.events'), 'oom_kill 0\n');
    writeFileSync(join(root, 'box/pids.events'), 'max 0\n');
    this.group = ControlGroup.at('/box', root);
  }
}

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

function aRun(): StartRun {
  return StartRun.parse({
    runId: newId('run'),
    tenantId: newId('ten'),
    installationId: newId('ins'),
    capsule: 'acme/test',
    version: '1.0.0',
    digest: Digest.parse(`sha256:${'0'.repeat(64)}`),
    cell: 'eu-west-1',
    runtime: 'node24',
    entrypoint: 'main.js',
    style: 'handler',
    resources: {},
    isolation: 'standard',
    layers: [],
    egress: [],
    artifacts: false,
    datasets: [],
    meterLimits: {},
    secrets: {},
    secretHosts: {},
    input: null,
  });
}

test('a sandbox that dies while its files are laid out becomes no run, and its place is given back', async () => {
  const sandbox = new CountedSandbox(join(directory, 'groups'));
  const { starter, told } = starterWith(sandbox, async () => {
    sandbox.channel.destroy();
    await once(sandbox.channel, 'close');
  });
  await expect(starter.start(aRun())).rejects.toMatchObject({ code: 'unavailable' });
  expect(told).toEqual({ faults: ['a run could not be handed over'], left: 1, signed: 0 });
  expect(readdirSync(directory).filter((name) => name.endsWith('.ndjson'))).toEqual([]);
});

test('a sandbox whose group is gone becomes no run, and its end is nothing that anybody waits for', async () => {
  const sandbox = new FakeSandbox(SMALL);
  const { starter, told } = starterWith(sandbox);
  const closed = once(sandbox.channel, 'close');
  await expect(starter.start(aRun())).rejects.toMatchObject({ code: 'unavailable' });
  await closed;
  await turn();
  expect(told).toEqual({ faults: ['a run could not be handed over'], left: 1, signed: 0 });
});
