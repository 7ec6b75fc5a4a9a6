import { WorkerEntrypoint } from 'cloudflare:workers';

import { idOf } from '#contracts/ids';
import type { CellInternal as Door, RunCollected, RunEnded } from '#contracts/objects';

import { openPlatform, systemCtx } from './context.ts';
import type { CellEnv } from './env.ts';
import { recordRunCollected } from './services/artifacts/record-collected.ts';
import { recordRunEnded } from './services/runs/record-ended.ts';
import { recordRunStarted } from './services/runs/record-started.ts';
import { tenantOf } from './services/tenants/find.ts';

const Tenant = idOf('ten');

/** How an object of this cell reaches the database, which it does not know. Bound as SELF, and to nothing else. */
export class CellInternal extends WorkerEntrypoint<CellEnv> implements Door {
  async recordRunEnded(ended: RunEnded): Promise<void> {
    await recordRunEnded({ ctx: await this.actFor(ended.tenantId), input: ended });
  }

  async recordRunCollected(collected: RunCollected): Promise<void> {
    await recordRunCollected({ ctx: await this.actFor(collected.tenantId), input: collected });
  }

  async recordRunStarted(started: Parameters<Door['recordRunStarted']>[0]): Promise<void> {
    await recordRunStarted({ ctx: await this.actFor(started.tenantId), input: started });
  }

  private async actFor(tenantId: string) {
    const platform = openPlatform({ env: this.env, afterwards: (work) => this.ctx.waitUntil(work) });
    return systemCtx(platform, await tenantOf(platform, Tenant.parse(tenantId)));
  }
}
