import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import Dockerode from 'dockerode';
import { expect } from 'vitest';

import type { Cell } from '#contracts/cells';
import type { ReceiptClaims } from '#contracts/receipt';
import { NO_USAGE, type Run, TERMINAL_STATES, type Usage, type UsageTotals } from '#contracts/run';
import { verifyReceipt } from '#contracts/verify-receipt';
import { openClickHouse } from '#db/clickhouse/client';
import { readLedgerRows } from '#db/clickhouse/usage-ledger';
import type { Platform } from '#local/platform';
import { CLICKHOUSE_USER } from '#local/platform/stores';
import { type CellSecrets, loadSecrets } from '#local/secrets';

import { isOnlyThePool, metricLines, remainsOf, type RunnerOnMachine, warmIn } from './remains.ts';
import type { RunningTenant } from './running-tenant.ts';
import { until } from './until.ts';

/** After whatever happened: the longest backoff of a run object or a meter that gave up for a moment, and some. */
const WITHIN_MS = 90_000;
/** More than any of these runs may take. */
const LONGEST_MS = 120_000;

/** A tenant all of whose runs were in one region, and what is kept of them there. */
export interface Accounts {
  readonly platform: Platform;
  readonly cell: Cell;
  readonly tenant: RunningTenant;
  /** The engine of the region's runners, where that is not the machine's. */
  readonly docker?: Dockerode;
}

interface Proven {
  readonly run: Run;
  readonly claims: ReceiptClaims;
}

/**
 * Holds everything that anybody keeps of a tenant's runs against each other: each is in one terminal state, with a receipt that holds where it
 * ran to an end; receipts, meter, ledger and ClickHouse say the same of every field; each end is one audit entry, in the chain; and of the
 * sandboxes only those of the warm pool are there.
 */
export async function reconcile(accounts: Accounts): Promise<void> {
  const { platform, cell, tenant } = accounts;
  const secrets = (await loadSecrets(join(platform.dataDirectory, 'secrets.json'))).cells[cell];
  const runs = await endedRuns(tenant);
  const proven = await provenRuns(accounts, runs);
  await Promise.all([
    assertBooked(accounts, secrets, proven),
    assertAudited(tenant, secrets, runs),
    ...runnersOf(accounts, secrets).map(untilOnlyThePool),
  ]);
}

async function endedRuns(tenant: RunningTenant): Promise<Run[]> {
  const isOver = (seen: readonly { endedAt: string | null }[]) => seen.every(({ endedAt }) => endedAt !== null);
  const listed = await until('the end of every run', () => tenant.listRuns(), isOver, WITHIN_MS);
  const runs = await Promise.all(listed.map(({ id }) => tenant.findRun(id)));
  for (const { state } of runs) expect(TERMINAL_STATES).toContain(state);
  return runs;
}

/** The runs that have a receipt. One that was refused never ran, and of one that was lost nobody may be left to say anything. */
async function provenRuns({ platform, cell, tenant }: Accounts, runs: readonly Run[]): Promise<Proven[]> {
  const bundle = join(platform.dataDirectory, 'identity', cell, 'bundle.pem');
  const trustBundlePem = readFileSync(bundle, 'utf8');
  const proven: Proven[] = [];
  for (const run of runs) {
    const { id: runId, receipt, state, cause, detail, exitCode, usage, amountNanos } = run;
    if (receipt === null) {
      expect(['refused', 'lost'], `${runId} ${state} (${cause}) without a receipt`).toContain(state);
      expect({ usage, amountNanos }).toEqual({ usage: NO_USAGE, amountNanos: '0' });
      continue;
    }
    expect(state).not.toBe('refused');
    const outcome = { state, cause, detail, exitCode };
    const claims = await verifyReceipt({ jws: receipt, trustBundlePem, expected: { runId, cell } });
    // By one clock, whatever was done to the runner's meanwhile.
    expect(claims.iat).toBe(Math.floor(claims.endedAtMs / 1_000));
    expect(claims.endedAtMs - claims.startedAtMs).toBeLessThan(LONGEST_MS);
    expect(claims).toMatchObject({ tenantId: tenant.publisher.tenantId, outcome, usage, isolation: run.isolation });
    proven.push({ run, claims });
  }
  return proven;
}

/** Meter, ledger and ClickHouse hold each proven run once, as its receipt has it, and no other. */
async function assertBooked({ platform, tenant, ...where }: Accounts, secrets: CellSecrets, proven: readonly Proven[]) {
  const usage = await until(
    'the settlements, flushed',
    () => tenant.usage(),
    ({ runs, reservedNanos, ledgerSeq, flushedSeq }) =>
      runs === proven.length && reservedNanos === '0' && ledgerSeq === runs && flushedSeq === ledgerSeq,
    WITHIN_MS,
  );
  const amountNanos = proven.reduce((sum, { run }) => sum + BigInt(run.amountNanos ?? 'none'), 0n);
  expect(usage.settledNanos).toBe(amountNanos.toString());
  expect(textsOf(usage.totals)).toEqual(totalOf(proven.map(({ claims }) => claims.usage)));

  const url = `http://127.0.0.1:${platform.ports.cells[where.cell].clickhouse}`;
  const clickHouse = openClickHouse({ url, username: CLICKHOUSE_USER, password: secrets.clickhousePassword });
  try {
    const { tenantId } = tenant.publisher;
    // One more than there may be: a row that was sent twice under two numbers would be seen.
    const rows = await readLedgerRows(clickHouse, { tenantId, first: 0, last: usage.ledgerSeq + 1 });
    const booked = rows.map(({ runId, usage: of, amountNanos: nanos, endedAtMs }) => [runId, of, nanos, endedAtMs]);
    const stated = proven.map(({ run, claims }) => [run.id, claims.usage, run.amountNanos, claims.endedAtMs]);
    expect(byFirst(booked)).toEqual(byFirst(stated));
  } finally {
    await clickHouse.close();
  }
}

/** Of each end one entry, which says what the run says; and the whole log is chained and verifies offline. */
async function assertAudited(tenant: RunningTenant, { runnerIds }: CellSecrets, runs: readonly Run[]): Promise<void> {
  const entries = await until(
    'a chained entry for each end',
    () => tenant.auditEntries('run.end'),
    (items) => items.length >= runs.length && items.every(({ state }) => state === 'chained'),
    WITHIN_MS,
  );
  const told = entries.map(({ record: { target, outcome, unmapped } }) => {
    const { runnerId, ...details } = unmapped;
    if (details['state'] !== 'refused') expect(runnerIds).toContain(runnerId);
    return [target, outcome, details];
  });
  const happened = runs.map(({ id, state, cause, exitCode, amountNanos, isolation, attempts }) => [
    id,
    state === 'refused' ? 'refused' : 'success',
    { state, cause, exitCode, amountNanos, isolation, attempts },
  ]);
  expect(byFirst(told)).toEqual(byFirst(happened));
  await tenant.verifyAudit();
}

interface Runner extends RunnerOnMachine {
  readonly healthPort: number;
}

/** The second one, where the platform has two. */
function runnersOf({ platform, cell, docker = new Dockerode() }: Accounts, { runnerIds }: CellSecrets): Runner[] {
  const { runnerHealth, secondRunnerHealth } = platform.ports.cells[cell];
  const places = [
    { own: 'runner', runnerId: runnerIds[0], healthPort: runnerHealth },
    { own: 'runner-2', runnerId: runnerIds[1], healthPort: secondRunnerHealth },
  ];
  return places
    .map(({ own, ...place }) => ({ ...place, docker, dataDirectory: join(platform.dataDirectory, cell, own) }))
    .filter(({ dataDirectory }) => existsSync(dataDirectory));
}

/** Every end was acknowledged, so that nothing is kept of it, and nothing of a sandbox outlived its run. */
async function untilOnlyThePool(runner: Runner): Promise<void> {
  const look = async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${runner.healthPort}/metrics`)).text();
    const faults = metricLines(metrics, 'soma_runner_faults_total{');
    return { warm: warmIn(metrics), remains: await remainsOf(runner), faults };
  };
  await until(
    'a runner with its pool and nothing else',
    look,
    ({ warm, remains }) => isOnlyThePool(remains, warm),
    WITHIN_MS,
  );
}

/** Of every field, whichever there are, as text: the sum, of a peak the highest, of the capsules' own meters each by itself. */
function totalOf(usages: readonly Usage[]): Record<string, string> {
  const totals = new Map(Object.entries(textsOf(NO_USAGE)).map(([name]) => [name, 0n]));
  for (const [name, text] of usages.flatMap((usage) => Object.entries(textsOf(usage)))) {
    const [before, value] = [totals.get(name) ?? 0n, BigInt(text)];
    const higher = value > before ? value : before;
    totals.set(name, name.includes('Peak') ? higher : before + value);
  }
  return Object.fromEntries([...totals].map(([name, total]) => [name, total.toString()]));
}

function textsOf({ meters, ...fields }: Usage | UsageTotals): Record<string, string> {
  const ofMeters = Object.entries(meters).map(([name, count]) => [`meter ${name}`, count] as const);
  return Object.fromEntries([...Object.entries(fields), ...ofMeters].map(([name, value]) => [name, String(value)]));
}

function byFirst(rows: readonly unknown[][]): unknown[][] {
  return rows.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}
