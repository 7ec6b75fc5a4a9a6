import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { vi } from 'vitest';

import { digestOf } from '#contracts/digest';
import { newId, type RunId, type RunnerId, type TenantId } from '#contracts/ids';
import type { IsolationClass } from '#contracts/isolation';
import { Resources } from '#contracts/manifest';
import { nanos } from '#contracts/money';
import { type BeginRun, RunEnded } from '#contracts/objects';
import type { Priced } from '#contracts/pricing';
import { NO_USAGE, type Outcome, type Usage } from '#contracts/run';
import { Heartbeat, StartRun, warmKey } from '#contracts/runner';
import { importDataKeys, sealText } from '#contracts/sealed-text';
import { secretContext } from '#contracts/secret';

import type { Ending } from './fake-runner.ts';

export const SUCCEEDED: Outcome = { state: 'succeeded', cause: 'exit_code', detail: 'exit 0', exitCode: 0 };
export const USAGE: Usage = { ...NO_USAGE, cpuUs: 12_345, wallUs: 20_000, meters: { tokens: 3 } };
export const GOOD_END: Ending = { outcome: SUCCEEDED, usage: USAGE, receipt: 'valid' };

export const PRICED: Priced = {
  resources: Resources.parse({ timeoutMs: 1_000 }),
  pricing: { perRunNanos: nanos(1_000_000n), meters: { tokens: { unitNanos: nanos(500n), maxPerRun: 10 } } },
};

/** A month that every test is in: the meter books by the budget's period. */
export function currentPeriod(): string {
  return new Date().toISOString().slice(0, 7);
}

/** A runner that the fleet knows and sends runs to, until the next one takes its place. */
export async function onlyRunner(beat: Partial<Heartbeat> = {}) {
  await retireRunners();
  return anotherRunner(beat);
}

export async function anotherRunner(beat: Partial<Heartbeat> = {}) {
  const runnerId = newId('rnr');
  const host = runnerId.replace('_', '-');
  const heartbeat = (change: Partial<Heartbeat> = {}) => fleet().heartbeat(beatOf(runnerId, { ...beat, ...change }));
  await heartbeat();
  return { runnerId, heartbeat, runner: env.FAKE_RUNNER.getByName(host) };
}

export async function retireRunners(): Promise<void> {
  const rows = await runInDurableObject(fleet(), (_fleet, { storage }) =>
    storage.sql.exec<{ beat: string }>('SELECT beat FROM runners').toArray(),
  );
  for (const { beat } of rows) {
    await fleet().heartbeat(Heartbeat.parse({ ...JSON.parse(beat), isDraining: true }));
  }
}

export function fleet() {
  return env.FLEET.getByName(env.CELL);
}

/** Lets seconds go by on the clock that a test has faked; the fleet listens all the while, and objects get to do what is due. */
export async function passSeconds(seconds: number, eachSecond?: () => Promise<void>): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    vi.setSystemTime(Date.now() + 1_000);
    await fleet().find('nobody');
    await eachSecond?.();
    await scheduler.wait(20);
  }
}

function warmKeyOf(isolation: IsolationClass): string {
  return warmKey({ runtime: 'node24', isolation, resources: PRICED.resources });
}

export function beatOf(runnerId: RunnerId, change: Partial<Heartbeat> = {}): Heartbeat {
  return Heartbeat.parse({
    runnerId,
    cell: env.CELL,
    endpoint: `https://${runnerId.replace('_', '-')}`,
    version: 'test',
    lease: `of ${runnerId}`,
    isDraining: false,
    isReady: true,
    capacity: 100,
    running: 0,
    executor: 'crun',
    isolationClasses: ['standard', 'strict'],
    cachedDigests: [],
    warm: { [warmKeyOf('standard')]: 4, [warmKeyOf('strict')]: 4 },
    lostRunIds: [],
    ...change,
  });
}

/** One tenant with a budget of its own, and the runs it begins. */
export class TestTenant {
  readonly id: TenantId = newId('ten');
  limitNanos = 10n ** 12n;

  get meter() {
    return env.USAGE_METER.getByName(this.id);
  }

  get database() {
    return env.FAKE_DATABASE.getByName(this.id);
  }

  async endedRuns(): Promise<RunEnded[]> {
    return RunEnded.array().parse(JSON.parse(await this.database.endedRuns()));
  }

  async beginning(change: Partial<StartRun> = {}, isIdempotent = false): Promise<BeginRun> {
    const { secrets, ...start } = StartRun.parse({
      runId: newId('run'),
      tenantId: this.id,
      installationId: newId('ins'),
      capsule: 'acme/hello',
      version: '1.0.0',
      digest: await digestOf(new TextEncoder().encode('a bundle')),
      cell: env.CELL,
      runtime: 'node24',
      entrypoint: 'main.js',
      style: 'handler',
      resources: PRICED.resources,
      isolation: 'standard',
      layers: [],
      egress: [],
      artifacts: false,
      meterLimits: { tokens: 10 },
      secrets: { TOKEN: 's3cret' },
      input: { hello: 'world' },
      ...change,
    });
    const budget = { limitNanos: this.limitNanos.toString(), revision: 1, period: currentPeriod() };
    return { start, secrets: await seal(start, secrets), priced: PRICED, budget, isIdempotent };
  }

  async begin(change: Partial<StartRun> = {}, isIdempotent = false) {
    const request = await this.beginning(change, isIdempotent);
    const run = runNamed(request.start.runId);
    await run.begin(request);
    return { runId: request.start.runId, run, request };
  }
}

/** Values as the cell's database holds them. */
async function seal(
  owner: Parameters<typeof secretContext>[0],
  secrets: StartRun['secrets'],
): Promise<BeginRun['secrets']> {
  const keys = await importDataKeys(env.DATA_KEYS);
  const sealed = Object.entries(secrets).map(
    async ([name, value]) => [name, await sealText(keys, secretContext(owner, name), value)] as const,
  );
  return Object.fromEntries(await Promise.all(sealed));
}

export function runNamed(runId: RunId) {
  return env.RUN.getByName(runId);
}

/** What the other side said when it refused. */
export async function refusalOf(call: PromiseLike<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return String(error);
  }
  throw new Error('it was not refused');
}

/** Asks until the answer is yes; for what comes true soon, in its own time. */
export async function eventually(what: string, isTrue: () => Promise<boolean> | boolean): Promise<void> {
  // Not Date: some tests move it.
  const deadlineMs = performance.now() + 10_000;
  while (!(await isTrue())) {
    if (performance.now() > deadlineMs) throw new Error(`it never came true that ${what}`);
    await scheduler.wait(10);
  }
}
