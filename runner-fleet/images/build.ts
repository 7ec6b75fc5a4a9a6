import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';

import { doesRegistryAnswer, followProgress, hasImage, importDebianBase, pullBase } from './base.ts';
import { run } from './process.ts';
import {
  IMAGE_NAMES,
  imageFile,
  type ImageName,
  imageTag,
  PROGRAMS,
  type Recipe,
  RECIPES,
  sourcesIn,
} from './recipe.ts';

export interface BuildOptions {
  readonly docker: Dockerode;
  /** Where downloaded packages are kept between builds. */
  readonly packageCache: string;
  readonly onProgress?: (image: ImageName, step: string) => void;
}

/** Makes the images that are not there yet; returns at once when all are. */
export async function ensureImages({ docker, packageCache, onProgress }: BuildOptions): Promise<void> {
  const missing = await missingImages(docker);
  if (missing.length === 0) return;
  const hasRegistry = await doesRegistryAnswer();
  for (const name of missing) {
    const recipe = RECIPES[name];
    const report = (step: string) => onProgress?.(name, step);
    const base = await makeBase({ docker, recipe, packageCache, hasRegistry, report });
    report('adding the runtime');
    await buildImage(docker, recipe, base);
  }
}

export async function missingImages(docker: Dockerode): Promise<ImageName[]> {
  const isThere = await Promise.all(IMAGE_NAMES.map((name) => hasImage(docker, imageTag(name))));
  return IMAGE_NAMES.filter((_, index) => !isThere[index]);
}

interface BaseRequest {
  readonly docker: Dockerode;
  readonly recipe: Recipe;
  readonly packageCache: string;
  readonly hasRegistry: boolean;
  readonly report: (step: string) => void;
}

async function makeBase({ docker, recipe, packageCache, hasRegistry, report }: BaseRequest): Promise<string> {
  if (hasRegistry) {
    report(`pulling ${recipe.registryBase}`);
    try {
      return await pullBase(docker, recipe);
    } catch (error) {
      report(`could not pull (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  report('making a base from Debian packages');
  return importDebianBase(docker, recipe, packageCache);
}

async function buildImage(docker: Dockerode, recipe: Recipe, base: string): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'soma-image-'));
  try {
    for (const [name, folder] of Object.entries(PROGRAMS)) await compile(folder, join(context, name));
    for (const file of recipe.files) {
      copyFileSync(imageFile(`${recipe.name}/${file}`), join(context, file));
      chmodSync(join(context, file), 0o644);
    }
    const stream = await docker.buildImage(
      { context, src: [...Object.keys(PROGRAMS), ...recipe.files] },
      { t: imageTag(recipe.name), buildargs: { BASE_IMAGE: base }, networkmode: 'none', forcerm: true },
    );
    await followProgress(docker, stream);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** Statically, so that it runs on any base. */
async function compile(folder: string, program: string): Promise<void> {
  const sources = sourcesIn(folder).filter((path) => path.endsWith('.c'));
  await run('gcc', ['-static', '-O2', '-s', '-Wall', '-Wextra', '-o', program, ...sources.map(imageFile)]);
  chmodSync(program, 0o755);
}

if (import.meta.main) {
  const packageCache = process.argv[2] ?? join(tmpdir(), 'soma-packages');
  mkdirSync(packageCache, { recursive: true });
  await ensureImages({
    docker: new Dockerode(),
    packageCache,
    onProgress: (image, step) => console.log(`${image}: ${step}`),
  });
  for (const name of IMAGE_NAMES) console.log(imageTag(name));
}
