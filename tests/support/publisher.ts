import type { z } from 'zod';

import { CapsuleVersion } from '#contracts/api/capsules';
import { PublishedLayer } from '#contracts/api/layers';
import { PublisherKey } from '#contracts/api/publisher-keys';
import { packBundle } from '#contracts/bundle';
import type { Cell } from '#contracts/cells';
import { generateKeyPair, importPrivateKey, type KeyPairPem, type SigningKey } from '#contracts/ecdsa';
import { type LayerRuntime, packLayer } from '#contracts/layer';
import type { ManifestInput } from '#contracts/manifest';
import { signBundle } from '#contracts/signature';

import { verifyPublisher } from './operator.ts';
import { type Answer, Person } from './people.ts';

const TEXT = new TextEncoder();
const MAIN = 'export default async (input) => ({ echoed: input });\n';

/** A tenant that publishes: its owner, its handle, and a registered key. */
export class Publisher {
  readonly owner: Person;
  readonly cell: Cell;
  readonly handle: string;
  readonly tenantId: string;
  readonly key: SigningKey;
  readonly keyId: string;

  private constructor(
    owner: Person,
    tenant: { id: string; handle: string; cell: Cell },
    key: SigningKey,
    keyId: string,
  ) {
    this.owner = owner;
    this.cell = tenant.cell;
    this.handle = tenant.handle;
    this.tenantId = tenant.id;
    this.key = key;
    this.keyId = keyId;
  }

  /** Where the platform has an operator, one has vouched for it: runs of others are strict, and slow. */
  static async create(url: string, region: Cell, { isVerified = true } = {}): Promise<Publisher> {
    const owner = await Person.signUp(url, region);
    const tenant = await owner.createTenant();
    const pair = await generateKeyPair();
    const registered = await registerKey(owner, pair);
    if (isVerified) await verifyPublisher(url, region, tenant.handle);
    return new Publisher(owner, tenant, await importPrivateKey(pair.privateKeyPem), registered.id);
  }

  manifest(change: Partial<ManifestInput> = {}): ManifestInput {
    return {
      name: `${this.handle}/echo`,
      version: '1.0.0',
      title: 'Echo',
      description: 'Says back what it was told.',
      license: 'Apache-2.0',
      keywords: ['parrot'],
      runtime: 'node24',
      entrypoint: 'main.js',
      input: { type: 'object', required: ['word'], properties: { word: { type: 'string' } } },
      output: true,
      ...change,
    };
  }

  /** Packs and signs a capsule as `soma publish` does, and uploads it. */
  async publish(
    change: Partial<ManifestInput> = {},
    files: Readonly<Record<string, string>> = {},
    slug = 'echo',
  ): Promise<Answer> {
    return this.upload(bundleOf(this.manifest(change), files), { slug });
  }

  async publishes(change: Partial<ManifestInput> = {}): Promise<CapsuleVersion> {
    const answer = await this.publish(change);
    if (answer.status !== 201) throw new Error(`not published: ${answer.status} ${JSON.stringify(answer.body)}`);
    return CapsuleVersion.parse(answer.body);
  }

  /** Packs and signs a layer as `soma layers publish` does, and uploads it. */
  async publishLayer(runtime: LayerRuntime, files: Readonly<Record<string, string>>): Promise<Answer> {
    return this.send('/v1/layers', layerOf(runtime, files));
  }

  async publishesLayer(runtime: LayerRuntime, files: Readonly<Record<string, string>>): Promise<PublishedLayer> {
    const answer = await this.publishLayer(runtime, files);
    if (answer.status !== 201) throw new Error(`no layer: ${answer.status} ${JSON.stringify(answer.body)}`);
    return PublishedLayer.parse(answer.body);
  }

  async upload(
    bundle: Uint8Array,
    { slug = 'echo', signature }: { slug?: string; signature?: string } = {},
  ): Promise<Answer> {
    return this.send(`/v1/capsules/${this.handle}/${slug}/versions`, bundle, signature);
  }

  async send(path: string, archive: Uint8Array, signature?: string): Promise<Answer> {
    return this.owner.ask(path, { form: formOf(archive, signature ?? (await this.#sign(archive))) });
  }

  /** What an upload of `archive` sends; where `other` is given, the signature is of that. */
  async signed(archive: Uint8Array, other = archive): Promise<FormData> {
    return formOf(archive, await this.#sign(other));
  }

  async #sign(archive: Uint8Array): Promise<string> {
    return JSON.stringify(await signBundle(this.key, archive));
  }
}

function formOf(archive: Uint8Array, signature: string): FormData {
  const form = new FormData();
  form.set('bundle', new Blob([new Uint8Array(archive)]), 'bundle.tar');
  form.set('signature', signature);
  return form;
}

export function bundleOf(manifest: ManifestInput, files: Readonly<Record<string, string>> = {}): Uint8Array {
  return packBundle(encoded({ 'capsule.json': JSON.stringify(manifest), 'main.js': MAIN, ...files }));
}

export function layerOf(runtime: LayerRuntime, files: Readonly<Record<string, string>>): Uint8Array {
  return packLayer({ runtime, files: encoded(files) });
}

function encoded(files: Readonly<Record<string, string>>): Map<string, Uint8Array> {
  return new Map(Object.entries(files).map(([path, text]) => [path, TEXT.encode(text)]));
}

export async function registerKey(owner: Person, { publicKeyPem }: KeyPairPem): Promise<z.infer<typeof PublisherKey>> {
  const answer = await owner.ask('/v1/publisher-keys', { json: { name: 'release key', publicKeyPem } });
  if (answer.status !== 201) throw new Error(`no key: ${answer.status} ${JSON.stringify(answer.body)}`);
  return PublisherKey.parse(answer.body);
}
