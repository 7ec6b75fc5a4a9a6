import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { build as esbuild, type Metafile } from 'esbuild';

/**
 * Makes the folder that `soma publish` packs from each capsule's source. Deterministic: the same source and the same lock file
 * give the same bytes.
 *
 *   node capsules/build.ts [--out dist/capsules] [--publisher soma]
 */
export const CAPSULE_SLUGS = ['markdown-html', 'csv-profile', 'image-hash'] as const;
export type CapsuleSlug = (typeof CAPSULE_SLUGS)[number];

const HERE = import.meta.dirname;
const ROOT = join(HERE, '..');

/** Everything a bundle holds besides what its own step makes. */
const COPIED: Record<CapsuleSlug, readonly string[]> = {
  'markdown-html': ['README.md', 'samples'],
  'csv-profile': ['README.md', 'samples', 'main.py', 'profiler.py'],
  'image-hash': ['README.md', 'samples'],
};

const MAKE: Record<CapsuleSlug, (outDir: string) => Promise<void>> = {
  'markdown-html': bundleMarkdown,
  'csv-profile': async () => {},
  'image-hash': compileImageHash,
};

/** Builds one capsule into `outDir/<slug>` under the publisher's name; returns that folder. */
export async function buildCapsule(slug: CapsuleSlug, outDir: string, publisher: string): Promise<string> {
  const target = join(outDir, slug);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const manifest = await readFile(join(HERE, slug, 'capsule.json'), 'utf8');
  await writeFile(
    join(target, 'capsule.json'),
    manifest.replace(`"soma/${slug}"`, JSON.stringify(`${publisher}/${slug}`)),
  );
  for (const path of COPIED[slug]) await cp(join(HERE, slug, path), join(target, path), { recursive: true });
  await MAKE[slug](target);
  return target;
}

async function bundleMarkdown(outDir: string): Promise<void> {
  const { metafile } = await esbuild({
    entryPoints: [join(HERE, 'markdown-html/src/main.ts')],
    outfile: join(outDir, 'main.mjs'),
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    // Not "browser": those variants parse with the DOM, which a capsule does not have.
    conditions: ['default'],
    target: 'node24',
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    metafile: true,
    logLevel: 'warning',
  });
  await writeFile(join(outDir, 'LICENSES.txt'), await licencesOf(metafile));
}

/** The licence text of every package whose code is in the bundle, as those licences ask for. */
async function licencesOf(metafile: Metafile): Promise<string> {
  const folders = Object.keys(metafile.inputs).flatMap(
    (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [],
  );
  const texts = [...new Set(folders)].toSorted().map(async (folder) => {
    const { name, version } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'));
    const file = (await readdir(join(ROOT, folder))).toSorted().find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${folder} is bundled but ships no licence text`);
    return `${name} ${version}\n\n${(await readFile(join(ROOT, folder, file), 'utf8')).trim()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}

async function compileImageHash(outDir: string): Promise<void> {
  const { default: asc } = await import('assemblyscript/asc');
  const messages: string[] = [];
  const write = (chunk: Uint8Array | string) => messages.push(String(chunk));
  const { error } = await asc.main(
    [
      'capsules/image-hash/assembly/main.ts',
      '--baseDir',
      ROOT,
      '--outFile',
      join(outDir, 'main.wasm'),
      '--runtime=stub',
      '--use=abort=cli/templates/wasm/assembly/soma/abort',
      '--optimizeLevel=3',
    ],
    { stderr: { write } },
  );
  if (error) throw new Error(`image-hash does not compile:\n${messages.join('')}`);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: 'string' }, publisher: { type: 'string' } } });
  const out = values.out ?? join(ROOT, 'dist/capsules');
  const folders = await Promise.all(CAPSULE_SLUGS.map((slug) => buildCapsule(slug, out, values.publisher ?? 'soma')));
  console.log(folders.join('\n'));
}
