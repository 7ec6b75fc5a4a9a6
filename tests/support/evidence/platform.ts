import type { z } from 'zod';

import type { CatalogueEntry } from '#contracts/api/catalogue';
import type { Cell } from '#contracts/cells';
import { newId } from '#contracts/ids';
import type { Heartbeat } from '#contracts/runner';

import { newHandle } from '../people.ts';
import { quietHeartbeat } from '../quiet-heartbeat.ts';
import { type EvidenceTable, NOBODYS_LOG } from './row.ts';
import type { EvidenceWorld } from './world.ts';

function entryOf({ publisher }: EvidenceWorld, homeCell: Cell): z.input<typeof CatalogueEntry> {
  const handle = newHandle();
  const capsule = `${handle}/echo`;
  return {
    capsuleId: newId('cap'),
    capsule,
    homeCell,
    versionId: newId('ver'),
    version: '1.0.0',
    digest: `sha256:${'0'.repeat(64)}`,
    sizeBytes: 1_024,
    manifest: JSON.parse(JSON.stringify(publisher.manifest({ name: capsule }))),
    signature: {},
    publicKeyPem: 'a key',
    status: 'active',
    revision: 1,
    publishedAt: new Date().toISOString(),
  };
}

const verificationOf = (homeCell: string) => ({ handle: newHandle(), homeCell, isVerified: true, revision: 1 });

const heartbeatOf = (cell: Cell): Heartbeat => ({ ...quietHeartbeat(cell), lease: 'lease' });

/** What operators, runners and other cells say. Only an operator's word changes anything of a tenant's here. */
export const PLATFORM: EvidenceTable = {
  'PUT /internal/v1/publishers/{handle}/verification': {
    done: (world) => ({
      params: { handle: world.publisher.handle },
      asking: { json: { isVerified: true } },
      send: world.asOperator,
      actor: { type: 'operator', id: world.operator },
    }),
    // Of no tenant: an operator belongs to none, and there is no such publisher.
    refused: (world) => ({
      reason: 'not_found',
      params: { handle: 'nobody-at-all' },
      asking: { json: { isVerified: true } },
      send: world.asOperator,
      ...NOBODYS_LOG,
    }),
  },
  'POST /internal/v1/runners/heartbeat': {
    done: (world) => ({ asking: { json: heartbeatOf(world.cell) }, send: world.asRunner }),
    refused: (world) => ({
      reason: 'forbidden',
      asking: { json: heartbeatOf(world.cell) },
      send: world.asOperator,
      ...NOBODYS_LOG,
    }),
  },
  'POST /internal/v1/catalogue': {
    done: (world) => ({ asking: { json: entryOf(world, world.peer) }, send: world.asPeer }),
    refused: (world) => ({
      reason: 'forbidden',
      asking: { json: entryOf(world, world.cell) },
      send: world.asPeer,
      ...NOBODYS_LOG,
    }),
  },
  'POST /internal/v1/catalogue/publishers': {
    done: (world) => ({ asking: { json: verificationOf(world.peer) }, send: world.asPeer }),
    refused: (world) => ({
      reason: 'forbidden',
      asking: { json: verificationOf(world.cell) },
      send: world.asPeer,
      ...NOBODYS_LOG,
    }),
  },
};
