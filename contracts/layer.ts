import { z } from 'zod';

import { packFiles, unpackFiles } from './bundle.ts';
import { invalidBundle } from './ustar.ts';

/**
 * A layer: dependencies that are published once and laid under many capsules. An archive in the form of a bundle, without a manifest;
 * all of it lies in the one folder where its runtime looks for dependencies.
 */
export const LAYER_MEDIA_TYPE = 'application/vnd.soma.layer.v1+tar';

export const LayerRuntime = z.enum(['node24', 'python3.11']);
export type LayerRuntime = z.infer<typeof LayerRuntime>;

export const LAYER_FOLDERS: Readonly<Record<LayerRuntime, string>> = {
  node24: 'node_modules',
  'python3.11': 'site-packages',
};

export interface Layer {
  readonly runtime: LayerRuntime;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** @throws DomainError `invalid_bundle` */
export function packLayer({ runtime, files }: Layer): Uint8Array {
  assertInFolder(runtime, files);
  return packFiles(files);
}

/**
 * Its folder tells what runtime it is for. The contents are views into `bytes`, not copies.
 * @throws DomainError `invalid_bundle`
 */
export function unpackLayer(bytes: Uint8Array): Layer {
  const files = unpackFiles(bytes);
  const [first = ''] = files.keys();
  const runtime = LayerRuntime.options.find((each) => first.startsWith(`${LAYER_FOLDERS[each]}/`));
  if (!runtime) {
    throw invalidBundle(first, `this is no layer; expected files in ${Object.values(LAYER_FOLDERS).join('/ or in ')}/`);
  }
  assertInFolder(runtime, files);
  return { runtime, files };
}

function assertInFolder(runtime: LayerRuntime, files: Layer['files']): void {
  const folder = LAYER_FOLDERS[runtime];
  if (files.size === 0) throw invalidBundle('', `the layer is empty; expected files in ${folder}/`);
  const stray = files.keys().find((path) => !path.startsWith(`${folder}/`));
  if (stray !== undefined) {
    throw invalidBundle(stray, `this file does not belong to a layer of ${runtime}; expected files in ${folder}/ only`);
  }
}
