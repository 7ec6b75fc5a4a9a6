import { WorkerEntrypoint } from 'cloudflare:workers';
import { z } from 'zod';

import type { CellInternal as CellInternalContract, RunEnded } from '#contracts/objects';

/** A Worker that hosts the objects and nothing else: a test calls them by name over HTTP, and hears what they tell their cell. */
export { AuditLog, Fleet, Run, UsageMeter } from '#durable-objects/index';

interface HostEnv {
  readonly RUN: DurableObjectNamespace;
  readonly USAGE_METER: DurableObjectNamespace;
  readonly FLEET: DurableObjectNamespace;
  readonly CELL_RECORDS: Fetcher;
}

const Call = z.object({
  object: z.enum(['RUN', 'USAGE_METER', 'FLEET']),
  name: z.string(),
  method: z.string(),
  argument: z.unknown().optional(),
});

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith('/watch/')) return env.RUN.getByName(pathname.slice('/watch/'.length)).fetch(request);
    const { object, name, method, argument } = Call.parse(await request.json());
    const call: unknown = Reflect.get(env[object].getByName(name), method);
    if (typeof call !== 'function') return new Response('no such method', { status: 404 });
    return Response.json({ result: (await call(argument)) ?? null });
  },
} satisfies ExportedHandler<HostEnv>;

export class CellInternal extends WorkerEntrypoint<HostEnv> implements CellInternalContract {
  async recordRunStarted(): Promise<void> {
    // Told for those who look at the database; these tests look at the end.
  }

  async recordRunCollected(): Promise<void> {
    // The runs of these tests leave nothing.
  }

  async recordRunEnded(ended: RunEnded): Promise<void> {
    const response = await this.env.CELL_RECORDS.fetch('http://cell/ended', {
      method: 'POST',
      body: JSON.stringify(ended),
    });
    if (!response.ok) throw new Error('the cell did not take it');
  }
}
