import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { newId } from '#contracts/ids';

import { CliWorld } from './cli-world.ts';

const RUN = newId('run');
const LIST = `GET /v1/runs/${RUN}/artifacts`;
const FILES = ['report.csv', 'images/a.png'];
const HOUR_MS = 3_600_000;

let folder: string;
let world: CliWorld;
/** Those of which the platform sends something else. */
let damaged: Set<string>;
/** Those that the platform fails to send. */
let failing: Set<string>;
let linksEndInMs: number;

beforeEach(async () => {
  [damaged, failing, linksEndInMs] = [new Set(), new Set(), HOUR_MS];
  folder = await mkdtemp(join(tmpdir(), 'soma-artifacts-'));
  world = await CliWorld.start((request) => {
    if (request === LIST) return { status: 200, body: list() };
    const path = decodeURIComponent(request.replace('GET /files/', ''));
    if (failing.has(path)) return { status: 503 };
    return { status: 200, body: damaged.has(path) ? 'something else' : path };
  });
});
afterEach(async () => {
  world.close();
  await rm(folder, { recursive: true });
});

/** A file holds its own path, as JSON. */
const contentOf = (path: string) => JSON.stringify(path);

function list() {
  const items = FILES.map((path) => ({
    path,
    sizeBytes: contentOf(path).length,
    sha256: createHash('sha256').update(contentOf(path)).digest('hex'),
    state: 'stored',
    expiresAt: '2099-01-01T00:00:00.000Z',
    url: `${world.url}/files/${encodeURIComponent(path)}`,
  }));
  return { items, urlsExpireAt: new Date(Date.now() + linksEndInMs).toISOString() };
}

const download = () => world.soma(`artifacts download ${RUN} --out ${folder}`);
const asked = (request: string) => world.asked.filter(([each]) => each.startsWith(request)).length;
const filesThere = async () => (await readdir(folder, { recursive: true })).toSorted();

test('every file is written where it lay, and nothing else is left', async () => {
  const { code, stdout } = await download();
  expect([code, stdout.split('\n')]).toEqual([0, [...FILES.map((path) => join(folder, path)), '']]);
  expect(await filesThere()).toEqual(['images', 'images/a.png', 'report.csv']);
  for (const path of FILES) expect(await readFile(join(folder, path), 'utf8')).toBe(contentOf(path));
});

test('a download that broke is taken up: what came is not fetched again', async () => {
  failing.add('images/a.png');
  const { code, stderr } = await download();
  expect([code, stderr]).toEqual([1, expect.stringContaining('images/a.png: the platform answered 503')]);
  expect(await filesThere()).toEqual(['images', 'report.csv']);
  failing.clear();
  expect((await download()).code).toBe(0);
  expect(asked('GET /files/report.csv')).toBe(1);
  expect(await readFile(join(folder, 'images/a.png'), 'utf8')).toBe(contentOf('images/a.png'));
});

test('a file that is there and is another one stays as it is', async () => {
  await writeFile(join(folder, 'report.csv'), 'mine');
  const { code, stderr } = await download();
  expect([code, stderr]).toEqual([1, expect.stringContaining('is there already; name another folder with --out')]);
  expect(await readFile(join(folder, 'report.csv'), 'utf8')).toBe('mine');
});

test('what is not what the receipt names is not kept', async () => {
  damaged.add('report.csv');
  const { code, stderr } = await download();
  expect([code, stderr]).toEqual([1, expect.stringContaining('what came is not what the receipt names')]);
  expect(await filesThere()).toEqual([]);
});

test('links that are about to end are asked for anew', async () => {
  linksEndInMs = 5_000;
  expect((await download()).code).toBe(0);
  expect(asked(LIST)).toBe(1 + FILES.length);
});
