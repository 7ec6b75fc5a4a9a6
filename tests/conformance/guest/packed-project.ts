import { existsSync } from 'node:fs';
import { cp, glob, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { build } from 'esbuild';
import { z } from 'zod';

import { cached, hashOf } from './content-cache.ts';
import { makeDisk } from './rootfs.ts';

const PROJECT = join(import.meta.dirname, '../../..');
/** Files that are read rather than imported lie beside those that are. */
const WHOLE_FOLDERS = [
  'docs',
  'cli/templates',
  'runner-fleet',
  'contracts',
  'tests/conformance/guest',
  'tests/integration',
  'tests/attacks',
];
const SINGLE_FILES = ['package.json', 'tsconfig.json', 'vitest.config.ts'];
/** Runs the tests; the other packages are those that the tests import. */
const TEST_RUNNER = ['vitest', 'vite'];
const DISK_SIZE = '600M';

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      dependencies: z.record(z.string(), z.string()).optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});
type Packages = z.infer<typeof Lock>['packages'];

/** A read-only disk with what `entryPoints` need of the project: their sources and the packages they import, not one more. */
export async function ensureProjectDisk(
  entryPoints: readonly string[],
  say: (message: string) => void,
): Promise<string> {
  const { sources, packages } = await whatIsImported(entryPoints);
  const files = [...new Set([...sources, ...SINGLE_FILES, ...(await filesOf(WHOLE_FOLDERS))])].toSorted();
  const folders = await packageFolders([...packages, ...TEST_RUNNER]);
  const contents = await Promise.all(files.map((file) => readFile(join(PROJECT, file))));
  const hash = hashOf(...files, ...contents, JSON.stringify(folders));
  const directory = await cached('project', hash, async (unfinished) => {
    say(`packing ${files.length} files and ${Object.keys(folders).length} packages`);
    const content = join(unfinished, 'content');
    for (const path of [...files, ...Object.keys(folders)]) {
      await mkdir(dirname(join(content, path)), { recursive: true });
      await cp(join(PROJECT, path), join(content, path), { recursive: true, verbatimSymlinks: true });
    }
    await makeDisk(content, join(unfinished, 'project.img'), DISK_SIZE);
    await rm(content, { recursive: true });
  });
  return join(directory, 'project.img');
}

async function whatIsImported(entryPoints: readonly string[]): Promise<{ sources: string[]; packages: Set<string> }> {
  const { metafile } = await build({
    absWorkingDir: PROJECT,
    entryPoints: [...entryPoints],
    bundle: true,
    write: false,
    outdir: '/unused',
    platform: 'node',
    format: 'esm',
    packages: 'external',
    metafile: true,
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.inputs).flatMap(({ imports: found }) => found);
  const external = imports.filter((found) => found.external === true && !found.path.startsWith('node:'));
  return { sources: Object.keys(metafile.inputs), packages: new Set(external.map(({ path }) => packageOf(path))) };
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

async function filesOf(folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    for await (const entry of glob(`${folder}/**/*`, { cwd: PROJECT, withFileTypes: true })) {
      if (entry.isFile()) found.push(relative(PROJECT, join(entry.parentPath, entry.name)));
    }
  }
  return found;
}

/** The folders of `names` and of everything they depend on, with their versions, as npm has laid them out. */
async function packageFolders(names: readonly string[]): Promise<Record<string, string>> {
  const { packages } = Lock.parse(JSON.parse(await readFile(join(PROJECT, 'package-lock.json'), 'utf8')));
  const found: Record<string, string> = {};
  const queue = names.map((name) => ({ name, from: '' }));
  for (let next = queue.pop(); next; next = queue.pop()) {
    const folder = resolve(packages, next.name, next.from);
    if (folder === undefined || found[folder] !== undefined || !existsSync(join(PROJECT, folder))) continue;
    const { version = '', dependencies, optionalDependencies } = packages[folder] ?? {};
    found[folder] = version;
    queue.push(...Object.keys({ ...dependencies, ...optionalDependencies }).map((name) => ({ name, from: folder })));
  }
  return found;
}

/** As Node looks a package up: in the importing folder's own node_modules, then further out. */
function resolve(packages: Packages, name: string, from: string): string | undefined {
  const candidate = join(from, 'node_modules', name);
  if (packages[candidate]) return candidate;
  return from === ''
    ? undefined
    : resolve(packages, name, from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))));
}
