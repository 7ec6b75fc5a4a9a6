import { newId } from '#contracts/ids';

import type { EvidenceTable } from './row.ts';
import type { EvidenceWorld } from './world.ts';

async function startOf(world: EvidenceWorld, input: unknown) {
  await world.budgets();
  const { id: installation } = await world.installs();
  return { json: { installation, input } };
}

async function scheduleOf(world: EvidenceWorld, cron: string) {
  const { id: installation } = await world.installs();
  return { json: { name: world.newSlug(), installation, cron, input: { word: 'hi' } } };
}

/** What runs, what starts by itself, and who hears of it. */
export const RUNS: EvidenceTable = {
  'POST /v1/runs': {
    done: async (world) => ({ asking: await startOf(world, { word: 'hi' }) }),
    refused: async (world) => ({ reason: 'invalid_input', asking: await startOf(world, { word: 7 }) }),
  },
  'POST /v1/runs/{id}/cancel': {
    done: async (world) => ({ params: { id: (await world.starts()).id }, asking: { method: 'POST' } }),
    refused: () => ({ reason: 'not_found', params: { id: newId('run') } }),
  },
  'POST /v1/runs/{id}/rerun': {
    done: async (world) => ({ params: { id: (await world.starts()).id }, asking: { json: {} } }),
    refused: () => ({ reason: 'not_found', params: { id: newId('run') }, asking: { json: {} } }),
  },
  'POST /v1/schedules': {
    done: async (world) => ({ asking: await scheduleOf(world, '30 2 * * *') }),
    refused: async (world) => ({ reason: 'invalid_input', asking: await scheduleOf(world, '61 2 * * *') }),
  },
  'PATCH /v1/schedules/{id}': {
    done: async (world) => ({ params: { id: (await world.schedules()).id }, asking: { json: { enabled: false } } }),
    refused: () => ({ reason: 'not_found', params: { id: newId('sch') }, asking: { json: { enabled: false } } }),
  },
  'DELETE /v1/schedules/{id}': {
    done: async (world) => ({ params: { id: (await world.schedules()).id } }),
    refused: () => ({ reason: 'not_found', params: { id: newId('sch') } }),
  },
  'POST /v1/webhooks': {
    done: (world) => ({ asking: { json: { url: `${world.receiver.url}/${world.newSlug()}` } } }),
    refused: async (world) => ({ reason: 'conflict', asking: { json: { url: (await world.hooks()).url } } }),
  },
  'PATCH /v1/webhooks/{id}': {
    done: async (world) => ({ params: { id: (await world.hooks()).id }, asking: { json: { enabled: false } } }),
    refused: () => ({ reason: 'not_found', params: { id: newId('whk') }, asking: { json: { enabled: false } } }),
  },
  'DELETE /v1/webhooks/{id}': {
    done: async (world) => ({ params: { id: (await world.hooks()).id } }),
    refused: () => ({ reason: 'not_found', params: { id: newId('whk') } }),
  },
  'POST /v1/webhooks/{id}/rotate': {
    done: async (world) => ({ params: { id: (await world.hooks()).id }, asking: { json: {} } }),
    refused: () => ({ reason: 'not_found', params: { id: newId('whk') }, asking: { json: {} } }),
  },
  'POST /v1/webhooks/{id}/ping': {
    done: async (world) => ({ params: { id: (await world.hooks()).id } }),
    refused: () => ({ reason: 'not_found', params: { id: newId('whk') } }),
  },
  'POST /v1/webhooks/{id}/deliveries/{deliveryId}/retry': {
    done: async (world) => ({ params: { ...(await world.delivers()) } }),
    refused: async (world) => ({
      reason: 'not_found',
      params: { id: (await world.hooks()).id, deliveryId: newId('dlv') },
    }),
  },
};
