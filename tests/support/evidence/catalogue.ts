import { PublisherKey } from '#contracts/api/publisher-keys';
import { generateKeyPair } from '#contracts/ecdsa';
import { newId } from '#contracts/ids';
import { packLayer } from '#contracts/layer';

import { bundleOf } from '../publisher.ts';
import type { EvidenceTable } from './row.ts';
import type { EvidenceWorld } from './world.ts';

async function newKey(world: EvidenceWorld) {
  const { publicKeyPem } = await generateKeyPair();
  return { name: world.newSlug(), publicKeyPem };
}

function newCapsule({ publisher }: EvidenceWorld, slug: string) {
  return bundleOf(publisher.manifest({ name: `${publisher.handle}/${slug}` }));
}

function newLayer(world: EvidenceWorld) {
  const source = new TextEncoder().encode(`exports.name = '${world.newSlug()}';\n`);
  return packLayer({ runtime: 'node24', files: new Map([['node_modules/name/index.js', source]]) });
}

function path(world: EvidenceWorld, slug: string) {
  return { publisher: world.publisher.handle, slug };
}

/** What is published. */
export const CATALOGUE: EvidenceTable = {
  'POST /v1/publisher-keys': {
    done: async (world) => ({ asking: { json: await newKey(world) } }),
    refused: async (world) => ({
      reason: 'invalid_input',
      asking: { json: { ...(await newKey(world)), publicKeyPem: 'no key' } },
    }),
  },
  'DELETE /v1/publisher-keys/{id}': {
    done: async (world) => {
      const { id } = await world.make(PublisherKey, '/v1/publisher-keys', { json: await newKey(world) });
      return { params: { id } };
    },
    refused: () => ({ reason: 'not_found', params: { id: newId('pky') } }),
  },
  'POST /v1/capsules/{publisher}/{slug}/versions': {
    done: async (world) => {
      const slug = world.newSlug();
      return { params: path(world, slug), asking: { form: await world.publisher.signed(newCapsule(world, slug)) } };
    },
    refused: async (world) => {
      const slug = world.newSlug();
      return {
        reason: 'digest_mismatch',
        params: path(world, slug),
        asking: { form: await world.publisher.signed(newCapsule(world, slug), newLayer(world)) },
      };
    },
  },
  'PATCH /v1/capsules/{publisher}/{slug}/versions/{version}': {
    done: async (world) => {
      const { capsule, version } = await world.publishes();
      const [, slug = ''] = capsule.split('/');
      return { params: { ...path(world, slug), version }, asking: { json: { status: 'yanked' } } };
    },
    refused: (world) => ({
      reason: 'not_found',
      params: { ...path(world, 'none'), version: '1.0.0' },
      asking: { json: { status: 'yanked' } },
    }),
  },
  'POST /v1/layers': {
    done: async (world) => ({ asking: { form: await world.publisher.signed(newLayer(world)) } }),
    refused: async (world) => ({
      reason: 'digest_mismatch',
      asking: { form: await world.publisher.signed(newLayer(world), newLayer(world)) },
    }),
  },
};
