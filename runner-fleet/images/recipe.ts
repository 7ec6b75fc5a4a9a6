import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The images a sandbox boots from. `wasm` capsules run on node's own WASI, in the node image. */
export const IMAGE_NAMES = ['node24', 'python3.11'] as const;
export type ImageName = (typeof IMAGE_NAMES)[number];

export interface Recipe {
  readonly name: ImageName;
  /** What an ordinary registry calls the base. */
  readonly registryBase: string;
  /** What makes the same base on a Debian machine without a registry. */
  readonly debianPackages: readonly string[];
  readonly debianSymlinks: Readonly<Record<string, string>>;
  readonly hasNodeBinary: boolean;
  /** Beside the Dockerfile, in the folder of that name. */
  readonly files: readonly string[];
}

const C_LIBRARY = ['libc6', 'libgcc-s1', 'tzdata'];

export const RECIPES: Readonly<Record<ImageName, Recipe>> = {
  node24: {
    name: 'node24',
    registryBase: 'docker.io/library/node:24-bookworm-slim',
    debianPackages: [...C_LIBRARY, 'libstdc++6'],
    debianSymlinks: {},
    hasNodeBinary: true,
    files: [
      'Dockerfile',
      'zygote.cjs',
      'channel.cjs',
      'soma.cjs',
      'handler.cjs',
      'wasm.cjs',
      'warm-up.cjs',
      'warm.mjs',
      'warm-untyped.js',
    ],
  },
  'python3.11': {
    name: 'python3.11',
    registryBase: 'docker.io/library/python:3.11-slim-bookworm',
    debianPackages: [
      ...C_LIBRARY,
      'python3.11-minimal',
      'libpython3.11-minimal',
      'libpython3.11-stdlib',
      'libssl3',
      'ca-certificates',
      'libffi8',
      'libbz2-1.0',
      'liblzma5',
      'libexpat1',
      'libsqlite3-0',
      'libuuid1',
      'libcrypt1',
      'zlib1g',
    ],
    debianSymlinks: {
      'usr/bin/python3': 'python3.11',
      'usr/lib/ssl/cert.pem': '/etc/ssl/certs/ca-certificates.crt',
    },
    hasNodeBinary: false,
    files: ['Dockerfile', 'zygote.py', 'soma.py', 'handler.py', 'precompile.py'],
  },
};

/** Programs of ours in every image, and the folder whose C files make each. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  'capsule-init': 'init',
  'egress-forwarder': 'egress',
  'sandbox-keeper': 'keeper',
  'sandbox-launcher': 'launcher',
};

/** Paths of the sources in a folder, headers included. */
export function sourcesIn(folder: string): string[] {
  const names = readdirSync(imageFile(folder)).filter((name) => /\.[ch]$/.test(name));
  return names.toSorted().map((name) => `${folder}/${name}`);
}

export function imageFile(path: string): string {
  return join(import.meta.dirname, path);
}

/**
 * The image's name in the engine. The tag is a hash of everything the image is made from, so that an image which is there
 * is the right one, and an unchanged one is never built again. Computed once: a process boots from what it was started with.
 */
export function imageTag(name: ImageName): string {
  const known = tags.get(name);
  if (known !== undefined) return known;
  const paths = [
    ...Object.values(PROGRAMS).flatMap(sourcesIn),
    ...RECIPES[name].files.map((file) => `${name}/${file}`),
  ];
  const tag = `soma/runtime-${name}:${hashOf(debianBaseTag(name), paths)}`;
  tags.set(name, tag);
  return tag;
}
const tags = new Map<ImageName, string>();

/** The base made from Debian packages; the same for every runtime on top of it. */
export function debianBaseTag(name: ImageName): string {
  const { files: _, ...recipe } = RECIPES[name];
  const ingredients = JSON.stringify([recipe, recipe.hasNodeBinary ? process.version : null]);
  return `soma/base-${name}:${hashOf(ingredients, ['debian.ts'])}`;
}

function hashOf(ingredients: string, paths: readonly string[]): string {
  const hash = createHash('sha256').update(ingredients);
  for (const path of paths) hash.update(`\0${path}\0`).update(readFileSync(imageFile(path)));
  return hash.digest('hex').slice(0, 16);
}
