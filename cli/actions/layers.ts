import { LAYER_MEDIA_TYPE, type LayerRuntime } from '#contracts/layer';
import * as layersApi from '#contracts/operations/layers';
import { signBundle } from '#contracts/signature';

import { packLayerFolder } from '../bundle-folder.ts';
import { collect } from '../collect.ts';
import { connect } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { call } from '../http.ts';
import { bundleSize, bytes, note, printFields, printJson, printTable } from '../output.ts';
import { signedForm } from '../publish.ts';
import { readKey } from '../signing-keys.ts';
import type { KeyFlag } from './publish.ts';

const MOST_LISTED = 500;

export interface LayerFlags extends KeyFlag, JsonFlag {
  readonly runtime: LayerRuntime;
}

export async function publish(this: Context, flags: LayerFlags, folder = '.'): Promise<void> {
  const connection = await connect(this.process.env);
  const key = await readKey(this.process.env, flags.key);
  const { layer, files } = await packLayerFolder(folder, flags.runtime);
  const form = signedForm(layer, await signBundle(key.signer, layer), LAYER_MEDIA_TYPE);
  const published = await call(layersApi.publish, { form }, connection);
  if (flags.json) return printJson(this.process, published);
  printFields(this.process, {
    layer: published.digest,
    runtime: published.runtime,
    size: bundleSize(published.sizeBytes, files),
    'signed by': `${key.name} (${key.signer.publicKey.fingerprint})`,
  });
  note(this.process, `\nName it in capsule.json: "layers": ["${published.digest}"]`);
}

export async function list(this: Context, { json }: JsonFlag): Promise<void> {
  const connection = await connect(this.process.env);
  const layers = await collect(MOST_LISTED, (query) => call(layersApi.list, { query }, connection));
  if (json) return printJson(this.process, layers);
  printTable(
    this.process,
    ['layer', 'runtime', 'size', 'files', 'published'],
    layers.map(({ digest, runtime, sizeBytes, files, publishedAt }) => [
      digest,
      runtime,
      bytes(sizeBytes),
      String(files),
      publishedAt,
    ]),
  );
}
