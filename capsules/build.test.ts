import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { Manifest } from '#contracts/manifest';

import { buildCapsule, CAPSULE_SLUGS } from './build.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capsules-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function contentOf(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(
      files.map(async (path) => [path.slice(directory.length), (await readFile(path)).toString('base64')] as const),
    ),
  );
}

test.each(CAPSULE_SLUGS)(
  '%s: the same source gives the same bytes',
  async (slug) => {
    const [first, second] = await Promise.all(
      ['first', 'second'].map(async (name) => contentOf(await buildCapsule(slug, join(folder, name), 'acme'))),
    );
    expect(first).toEqual(second);
  },
  60_000,
);

test.each(CAPSULE_SLUGS)(
  '%s has a valid manifest under the name of its publisher, and its entrypoint',
  async (slug) => {
    const built = await buildCapsule(slug, join(folder, 'manifest'), 'acme');
    const manifest = Manifest.parse(JSON.parse(await readFile(join(built, 'capsule.json'), 'utf8')));
    expect(manifest.name).toBe(`acme/${slug}`);
    expect(await readdir(built, { recursive: true })).toEqual(
      expect.arrayContaining([manifest.entrypoint, 'README.md', 'samples']),
    );
  },
);

test('the bundled Markdown handler renders, reports progress, and carries the licences of what it bundles', async () => {
  const built = await buildCapsule('markdown-html', join(folder, 'handler'), 'acme');
  const handle = z
    .object({ default: z.function({ input: [z.unknown(), z.unknown()], output: z.unknown() }) })
    .parse(await import(join(built, 'main.mjs'))).default;
  const progress: number[] = [];
  const soma = { progress: (fraction: number) => progress.push(fraction), event: () => {} };
  const output = await handle({ markdown: '# Hi <b onclick=x>you</b>' }, soma);
  expect(output).toMatchObject({
    html: '<h1 id="user-content-hi-you">Hi <b>you</b></h1>',
    removed: [{ what: 'onclick=', count: 1 }],
  });
  expect(progress).toEqual([0, 1]);
  expect(await readFile(join(built, 'LICENSES.txt'), 'utf8')).toContain('micromark');
});
