import { sql } from 'drizzle-orm';
import { z } from 'zod';

import { idOf } from '#contracts/ids';
import { IsolationClass } from '#contracts/isolation';
import { Json } from '#contracts/json';

import type { Platform } from '../../context.ts';
import { runObject } from '../../objects.ts';
import { loadRelease } from '../catalogue/load-release.ts';
import { grantedSecrets } from '../secrets/granted.ts';
import { begin } from './begin.ts';

const MOST_RUNS = 100;
/** An open run is looked after again after this long. */
const SWEEP_AFTER = '15 seconds';

const OpenRun = z.object({
  id: idOf('run'),
  tenantId: idOf('ten'),
  installationId: idOf('ins'),
  versionId: idOf('ver'),
  isolation: IsolationClass,
  input: Json,
  isCancelRequested: z.boolean(),
  budget: z.object({ limitNanos: z.string().transform(BigInt), revision: z.int() }).nullable(),
});
type OpenRun = z.infer<typeof OpenRun>;

export interface Swept {
  readonly swept: number;
  readonly failures: readonly { readonly runId: string; readonly error: unknown }[];
}

/**
 * Makes sure that every open run has somebody who drives it: begins it once more, which changes nothing where it was begun, and
 * repeats a cancellation that did not get through. What fails is found by the next sweep.
 */
export async function sweepRuns(platform: Platform): Promise<Swept> {
  const open = await claimOpenRuns(platform);
  const failures: { runId: string; error: unknown }[] = [];
  for (const run of open) {
    try {
      await lookAfter(platform, run);
    } catch (error) {
      failures.push({ runId: run.id, error });
    }
  }
  return { swept: open.length, failures };
}

/** Marks them as looked after before it is done: a run that makes the sweep fail must not keep the others from their turn. */
async function claimOpenRuns({ db }: Platform): Promise<OpenRun[]> {
  const { rows } = await db.execute(sql`
    update runs set swept_at = now()
    where id in (
      select id from runs
      where state in ('queued', 'running') and coalesce(swept_at, created_at) < now() - ${SWEEP_AFTER}::interval
      order by coalesce(swept_at, created_at) limit ${MOST_RUNS}::int
      for update skip locked
    )
    returning id, tenant_id as "tenantId", installation_id as "installationId", version_id as "versionId", isolation, input,
      cancel_requested_at is not null as "isCancelRequested",
      (select json_build_object('limitNanos', limit_nanos::text, 'revision', revision)
        from budgets where budgets.tenant_id = runs.tenant_id) as budget`);
  return z.array(OpenRun).parse(rows);
}

async function lookAfter(platform: Platform, run: OpenRun): Promise<void> {
  const { input, budget, isCancelRequested, versionId } = run;
  const object = runObject(platform, run.id);
  if (isCancelRequested) await object.cancel();
  const release = await loadRelease(platform, versionId);
  const secrets = await grantedSecrets(platform, run.installationId, release.manifest);
  await begin(platform, { run, release, secrets, input, budget });
}
