import { z } from 'zod';

import { newId } from '#contracts/ids';

import type { EvidenceTable } from './row.ts';

const NONE = newId('ins');
const secret = { json: { value: 'hush, hush' } };
const entry = { json: { value: 1 } };
const retention = { json: { days: 7 } };

/** What a tenant has installed, and what it may use: money, secrets, state, rows. */
export const INSTALLATIONS: EvidenceTable = {
  'PUT /v1/budget': {
    done: (world) => ({ asking: { json: { limitNanos: String(1_000_000_000 + world.newNumber()) } } }),
    refused: () => ({ reason: 'invalid_input', asking: { json: { limitNanos: '-1' } } }),
  },
  'POST /v1/installations': {
    done: async (world) => ({ asking: { json: { capsule: (await world.publishes()).capsule } } }),
    refused: () => ({ reason: 'not_found', asking: { json: { capsule: 'acme/none' } } }),
  },
  'PATCH /v1/installations/{id}': {
    done: async (world) => ({
      params: { id: (await world.installs()).id },
      asking: { json: { maxConcurrentRuns: 2 } },
    }),
    refused: () => ({ reason: 'not_found', params: { id: NONE }, asking: { json: { maxConcurrentRuns: 2 } } }),
  },
  'DELETE /v1/installations/{id}': {
    done: async (world) => ({ params: { id: (await world.installs()).id } }),
    refused: () => ({ reason: 'not_found', params: { id: NONE } }),
  },
  'PUT /v1/installations/{id}/secrets/{name}': {
    done: async (world) => ({ params: { id: (await world.installs()).id, name: 'TOKEN' }, asking: secret }),
    refused: () => ({ reason: 'not_found', params: { id: NONE, name: 'TOKEN' }, asking: secret }),
  },
  'DELETE /v1/installations/{id}/secrets/{name}': {
    done: async (world) => {
      const { id } = await world.installs();
      await world.make(z.unknown(), `/v1/installations/${id}/secrets/TOKEN`, { method: 'PUT', ...secret });
      return { params: { id, name: 'TOKEN' } };
    },
    refused: async (world) => ({ reason: 'not_found', params: { id: (await world.installs()).id, name: 'TOKEN' } }),
  },
  'PUT /v1/installations/{id}/state/{key}': {
    done: async (world) => ({ params: { id: (await world.installs()).id, key: 'cursor' }, asking: entry }),
    refused: () => ({ reason: 'not_found', params: { id: NONE, key: 'cursor' }, asking: entry }),
  },
  'DELETE /v1/installations/{id}/state/{key}': {
    done: async (world) => {
      const { id } = await world.installs();
      await world.make(z.unknown(), `/v1/installations/${id}/state/cursor`, { method: 'PUT', ...entry });
      return { params: { id, key: 'cursor' } };
    },
    refused: async (world) => ({ reason: 'not_found', params: { id: (await world.installs()).id, key: 'cursor' } }),
  },
  'DELETE /v1/installations/{id}/state': {
    done: async (world) => {
      const { id } = await world.installs();
      await world.make(z.unknown(), `/v1/installations/${id}/state/cursor`, { method: 'PUT', ...entry });
      return { params: { id } };
    },
    refused: () => ({ reason: 'not_found', params: { id: NONE } }),
  },
  'DELETE /v1/installations/{id}/datasets/{name}': {
    done: async (world) => ({ params: { id: (await world.pushes('rows')).id, name: 'rows' } }),
    refused: async (world) => ({ reason: 'not_found', params: { id: (await world.installs()).id, name: 'rows' } }),
  },
  'PUT /v1/installations/{id}/datasets/{name}/retention': {
    done: async (world) => ({ params: { id: (await world.installs()).id, name: 'rows' }, asking: retention }),
    refused: () => ({ reason: 'not_found', params: { id: NONE, name: 'rows' }, asking: retention }),
  },
};
