import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Dockerode from 'dockerode';

import { cellSpiffeId } from '#contracts/identity';
import type { Heartbeat } from '#contracts/runner';

import { Admission } from './admission/admission.ts';
import { BundleCache } from './bundles/bundle-cache.ts';
import type { Config } from './config.ts';
import { Door } from './door/door.ts';
import { Health } from './door/health.ts';
import { AddressRules } from './egress/addresses.ts';
import { systemResolver } from './egress/resolve.ts';
import { chooseExecutor } from './executor/choose.ts';
import type { Executor } from './executor/executor.ts';
import type { OnFault } from './fault.ts';
import { missingImages } from './images/build.ts';
import { IsolationOffers, REQUIRED_CLASS } from './isolation/offers.ts';
import { LeaseKeeper } from './lifecycle/lease-keeper.ts';
import { log, reasonOf } from './log.ts';
import { Metrics } from './metrics.ts';
import { standingShapes, warmByRuntime } from './pool/shape.ts';
import { WarmPool } from './pool/warm-pool.ts';
import { RunTable } from './runs/run-table.ts';
import type { Sealer } from './runs/seal.ts';

const MAX_BOOTING = 2;
/** A run object waits ten seconds for an answer, and must hear a refusal before it asks another runner. */
const MAX_WAIT_MS = 5_000;
const MAX_START_MS = 9_000;
const MAX_BUNDLE_BYTES = 2 ** 30;
const MAX_SPOOL_BYTES = 4 * 2 ** 30;
const REAP_INTERVAL_MS = 30_000;
const IMAGE_CHECK_INTERVAL_MS = 1_000;
const ENGINE_CHECK_INTERVAL_MS = 2_000;
/** Without a word from it, where one is due. */
const ENGINE_TIMEOUT_MS = 15_000;

/** One runner, assembled: everything but its transport and its identity, which are handed in. */
export class Runner {
  readonly door: Door;
  readonly health: Health;
  readonly lease = new LeaseKeeper();
  readonly #config: Config;
  readonly #hasIdentity: () => boolean;
  readonly #metrics: Metrics;
  readonly #docker: Dockerode;
  readonly #executor: Executor;
  readonly #isolation: IsolationOffers;
  readonly #pool: WarmPool;
  readonly #admission: Admission;
  readonly #bundles: BundleCache;
  readonly #runs: RunTable;
  readonly #timers: NodeJS.Timeout[] = [];
  #obstacle: string | undefined = 'not looked yet';
  #isEngineGone = false;
  #isLooking = false;

  /** `hasIdentity`: nobody believes what a runner says whose identity has expired, or whose clock says so. */
  constructor(config: Config, sealer: Sealer, hasIdentity: () => boolean) {
    this.#hasIdentity = hasIdentity;
    this.#config = config;
    this.#docker = new Dockerode({ timeout: ENGINE_TIMEOUT_MS });
    const { dataDirectory, runnerId, cell, trustDomain } = config;
    const metrics = new Metrics({
      running: () => this.#admission.taken,
      waiting: () => this.#admission.waiting,
      capacity: () => config.capacity,
      warm: () => this.#pool.warmCounts(),
      isDraining: () => this.#runs.isDraining,
      isolationClasses: () => this.#isolation.classes('offered'),
      executor: () => this.#executor.name,
    });
    this.#metrics = metrics;
    const onFault: OnFault = (what, error) => {
      log('error', what, error === undefined ? {} : { reason: reasonOf(error) });
      metrics.fault(what);
    };
    this.#executor = chooseExecutor(config.executor, { ...placesOf(config), docker: this.#docker, runnerId, onFault });
    this.#pool = new WarmPool({
      executor: this.#executor,
      standing: standingShapes(REQUIRED_CLASS),
      floor: config.poolSize,
      memoryBytes: config.poolMemoryBytes,
      maxAgeMs: config.poolMaxAgeMs,
      maxBooting: MAX_BOOTING,
      onBootFailure: (error) => onFault('a sandbox did not boot', error),
    });
    this.#isolation = new IsolationOffers({ executor: this.#executor, pool: this.#pool, onFault });
    this.#bundles = new BundleCache({ directory: join(dataDirectory, 'bundles'), maxBytes: MAX_BUNDLE_BYTES });
    this.#admission = new Admission({
      places: config.capacity,
      queueSize: config.queueSize,
      maxWaitMs: MAX_WAIT_MS,
      maxStartMs: MAX_START_MS,
      pool: this.#pool,
      onFault,
    });
    this.#runs = new RunTable({
      directory: join(dataDirectory, 'spool'),
      admission: this.#admission,
      maxSpoolBytes: MAX_SPOOL_BYTES,
      isolationClasses: () => this.#isolation.proven,
      bundles: this.#bundles,
      network: { resolve: systemResolver(), addresses: new AddressRules(config.egressAllowAddresses) },
      lease: this.lease,
      sealer,
      onFault,
      onEnded: (end) => metrics.runEnded(end),
    });
    this.lease.onLapse = () => this.#runs.stopLapsed();
    this.health = new Health({
      notReadyBecause: () => this.#notReadyBecause(),
      isolation: () => this.#isolation.describe(),
      metrics,
    });
    this.door = new Door({
      runs: this.#runs,
      bundles: this.#bundles,
      health: this.health,
      cellId: cellSpiffeId(trustDomain, cell),
      onFault,
    });
  }

  /** Answers for what an earlier process left, then begins to warm up; ready once `/readyz` says so. */
  async start(): Promise<void> {
    this.#runs.recover();
    await this.#warmUp();
    this.#timers.push(
      setInterval(() => void this.#reap(), REAP_INTERVAL_MS),
      setInterval(() => void this.#lookAfterEngine(), ENGINE_CHECK_INTERVAL_MS),
    );
  }

  /** Its cell has heard of it, and may send it runs. */
  becomeKnown(): void {
    this.#isolation.becomeKnown();
  }

  heartbeat(endpoint: string, version: string): Omit<Heartbeat, 'lease'> {
    return {
      runnerId: this.#config.runnerId,
      cell: this.#config.cell,
      endpoint,
      version,
      isDraining: this.#runs.isDraining,
      isReady: this.#notReadyBecause() === undefined,
      capacity: this.#config.capacity + this.#config.queueSize,
      running: this.#admission.taken + this.#admission.waiting,
      executor: this.#executor.name,
      isolationClasses: this.#isolation.classes('offered'),
      pendingIsolationClasses: this.#isolation.classes('pending'),
      cachedDigests: this.#bundles.digests().slice(0, 256),
      warm: warmByRuntime(this.#pool.waiting),
      lostRunIds: this.#runs.lostRunIds.slice(0, 1_000),
    };
  }

  /** Lets runs end, then leaves no container behind. */
  async drain(): Promise<void> {
    await this.#runs.drain(this.#config.drainMs);
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#isolation.close();
    await this.#pool.close();
    await this.#executor.close();
  }

  /** The images may be made while this process already runs. */
  async #warmUp(): Promise<void> {
    try {
      await this.#executor.reapOrphans();
      this.#obstacle = await this.#prepare();
    } catch (error) {
      this.#obstacle = `no sandbox can be made yet (${reasonOf(error)})`;
    }
    if (this.#obstacle === undefined) return this.#pool.start();
    log('warn', 'not ready', { reason: this.#obstacle });
    this.#timers.push(setTimeout(() => void this.#warmUp(), IMAGE_CHECK_INTERVAL_MS));
  }

  /** Returns what is in the way. */
  async #prepare(): Promise<string | undefined> {
    const missing = await missingImages(this.#docker);
    if (missing.length > 0) return `images are missing: ${missing.join(', ')}`;
    const classes = await this.#executor.prepare();
    try {
      await this.#isolation.prove(classes);
    } catch (error) {
      return reasonOf(error);
    }
    return undefined;
  }

  #notReadyBecause(): string | undefined {
    if (this.#runs.isDraining) return 'draining';
    if (this.#obstacle !== undefined) return this.#obstacle;
    if (!this.#hasIdentity()) return 'the identity is not valid now, or the clock is wrong';
    if (this.#isEngineGone) return 'the engine does not answer';
    return this.#pool.supply(REQUIRED_CLASS) === 'standing' ? undefined : 'the pool is not warm';
  }

  /** Warm sandboxes may outlive their engine, but what comes after them cannot be promised any more. */
  async #lookAfterEngine(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const wasGone = this.#isEngineGone;
    const reason = await this.#executor.assertAnswers().then(() => undefined, reasonOf);
    this.#isLooking = false;
    this.#isEngineGone = reason !== undefined;
    if (wasGone === this.#isEngineGone) return;
    if (reason === undefined) log('info', 'the engine answers again');
    else log('error', 'the engine does not answer', { reason });
  }

  async #reap(): Promise<void> {
    try {
      const count = await this.#executor.reapOrphans();
      this.#metrics.reaped(count);
      if (count > 0) log('warn', 'removed sandboxes that nobody used', { count });
    } catch (error) {
      log('warn', 'what is left of sandboxes cannot be seen', { reason: reasonOf(error) });
    }
  }
}

/** Where an executor keeps what it makes. */
function placesOf({ dataDirectory, runnerId }: Config) {
  return {
    directory: join(dataDirectory, 'engine'),
    sandboxDirectory: join(dataDirectory, 'sandboxes'),
    controlDirectory: join(tmpdir(), `soma-${runnerId.slice(-12)}`),
  };
}
