import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Launcher, LAUNCHER_DIED } from './launcher.ts';

/** Answers whatever it is asked, unless it was told to be silent. */
const PROGRAM = `#!${process.execPath}
const { existsSync } = require('node:fs');
let heard = Buffer.alloc(0);
process.stdin.on('data', (bytes) => {
  heard = Buffer.concat([heard, bytes]);
  for (let end; heard.length >= 4 && heard.length >= (end = 4 + heard.readUInt32LE()); heard = heard.subarray(end)) {
    const [verb, id] = heard.toString('utf8', 4, end).split('\\0');
    if (verb === 'ask' && !existsSync(__filename + '.silent')) console.log(id + ' 0');
  }
});
`;

let directory: string;
let silence: string;
let faults: string[];
let launcher: Launcher;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'soma-launcher-'));
  const program = join(directory, 'launcher.cjs');
  writeFileSync(program, PROGRAM, { mode: 0o755 });
  silence = `${program}.silent`;
  faults = [];
  launcher = new Launcher({ program, sealed: [], onFault: (what) => faults.push(what) });
  // An answer has all the time it needs, unless a test lets it pass.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  launcher.close();
  rmSync(directory, { recursive: true });
});

function start(): Promise<string> {
  return launcher.start({ id: 'box', logFile: join(directory, 'log'), command: ['/bin/true'] });
}

async function askInVain(): Promise<void> {
  const asked = launcher.assertAnswers();
  await Promise.all([expect(asked).rejects.toThrow('does not answer'), vi.advanceTimersByTimeAsync(1_000)]);
}

test('a launcher that has not begun has nothing to answer', async () => {
  await expect(launcher.assertAnswers()).resolves.toBeUndefined();
});

test('a launcher that answers again is left alone, however often it fell silent before', async () => {
  const ended = vi.fn<(how: string) => void>();
  void start().then(ended);
  for (let round = 0; round < 3; round += 1) {
    await launcher.assertAnswers();
    writeFileSync(silence, '');
    await askInVain();
    await askInVain();
    rmSync(silence);
  }
  await launcher.assertAnswers();
  expect(ended).not.toHaveBeenCalled();
  expect(faults).toEqual([]);
});

test('a launcher that stays silent is killed, what it started has ended with it, and the next start brings up another', async () => {
  const ended = start();
  await launcher.assertAnswers();
  writeFileSync(silence, '');
  for (let times = 0; times < 3; times += 1) await askInVain();
  expect(await ended).toBe(LAUNCHER_DIED);
  expect(faults).toEqual(['the launcher of sandboxes ended']);
  rmSync(silence);
  const next = vi.fn<(how: string) => void>();
  void start().then(next);
  await launcher.assertAnswers();
  expect(next).not.toHaveBeenCalled();
});
