import { execFile } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const FETCH_LIMIT_MS = 90_000;

type LayerFiles = Readonly<Record<string, Uint8Array>>;

/** Files for a layer; where they cannot be had on this machine none, and why. */
export interface RealPackages {
  readonly files: LayerFiles;
  readonly missing?: string;
}

/** Packages of Python as Debian ships them for the interpreter of our image, which is made of the same archive. */
export async function pythonPackages(...names: string[]): Promise<RealPackages> {
  const folder = mkdtempSync(join(tmpdir(), 'soma-python-packages-'));
  try {
    // apt fetches as its own unprivileged user.
    chmodSync(folder, 0o777);
    await exec('apt-get', ['download', '-qq', ...names.map((name) => `python3-${name}`)], {
      cwd: folder,
      timeout: FETCH_LIMIT_MS,
    });
    const unpacked = join(folder, 'unpacked');
    for (const archive of globSync('*.deb', { cwd: folder })) {
      await exec('dpkg-deb', ['--extract', join(folder, archive), unpacked], { timeout: FETCH_LIMIT_MS });
    }
    return { files: filesIn(join(unpacked, 'usr/lib/python3/dist-packages'), 'site-packages') };
  } catch (error) {
    return { files: {}, missing: `${names.join(', ')} could not be fetched from Debian: ${String(error)}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Packages of npm, which this project has installed itself. */
export function nodePackages(...names: string[]): LayerFiles {
  const folder = join(import.meta.dirname, '../../node_modules');
  return Object.assign({}, ...names.map((name) => filesIn(join(folder, name), `node_modules/${name}`)));
}

function filesIn(folder: string, prefix: string): LayerFiles {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    found.map((file) => {
      const path = join(file.parentPath, file.name);
      return [`${prefix}/${relative(folder, path)}`, readFileSync(path)];
    }),
  );
}
