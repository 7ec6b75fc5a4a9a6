import { sql } from 'drizzle-orm';
import { z } from 'zod';

import { idOf } from '#contracts/ids';
import { IsolationClass } from '#contracts/isolation';
import { Json } from '#contracts/json';

import type { Platform } from '../../context.ts';
import { runObject } from '../../objects.ts';
import { loadRelease } from '../catalogue/load-release.ts';
import { eachOf } from '../each-of.ts';
import { grantedSecrets } from '../secrets/granted.ts';
import { begin } from './begin.ts';

/** Claimed at once. */
const BATCH = 100;
/** As many as there may be connections of one request. */
const AT_ONCE = 6;
/** What is not begun by then waits for the next sweep, which comes in a minute. */
const NO_MORE_AFTER_MS = 20_000;
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
  const startedMs = platform.now().getTime();
  const failures: { runId: string; error: unknown }[] = [];
  let swept = 0;
  for (;;) {
    const open = await claimOpenRuns(platform);
    await eachOf(open, AT_ONCE, (run) =>
      lookAfter(platform, run).catch((error: unknown) => void failures.push({ runId: run.id, error })),
    );
    swept += open.length;
    if (open.length < BATCH || platform.now().getTime() - startedMs > NO_MORE_AFTER_MS) return { swept, failures };
  }
}

/** Marks them as looked after before it is done: a run that makes the sweep fail must not keep the others from their turn. */
async function claimOpenRuns({ db }: Platform): Promise<OpenRun[]> {
  const { rows } = await db.execute(sql`
    update runs set swept_at = now()
    where id in (
      select id from runs
      where state in ('queued', 'running') and coalesce(swept_at, created_at) < now() - ${SWEEP_AFTER}::interval
      order by coalesce(swept_at, created_at) limit ${BATCH}::int
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
