import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { RunId } from '#contracts/ids';
import type { IsolationClass } from '#contracts/isolation';
import { jsonSha256 } from '#contracts/json-sha256';
import { NO_USAGE, type Outcome, type Usage } from '#contracts/run';
import type { StartRun } from '#contracts/runner';

import type { Admission } from '../admission/admission.ts';
import type { BundleCache } from '../bundles/bundle-cache.ts';
import { missingRefusal, Refusal } from '../door/refusal.ts';
import { orReport } from '../fault.ts';
import { LatestIds } from './latest-ids.ts';
import { archivesOf, type Entry, RunStarter, type RunStarterOptions } from './run-starter.ts';
import { sealUntilKept } from './seal.ts';
import { Spool } from './spool.ts';

const SPOOL_SUFFIX = '.ndjson';
const RETRY_AFTER_S = 1;
/** Ids of runs that were acknowledged: a request that comes late must not run them again. */
const MAX_REMEMBERED_IDS = 10_000;
/** Who drives a run comes for its end at once, and gives up a runner that it has not reached for so long. */
const UNCLAIMED_AFTER_MS = 3_600_000;
/** Until a spool is read again that the system did not give out; twice as long each time. */
const READ_AGAIN = { firstMs: 1_000, mostMs: 60_000 };

const RUNNER_DIED: Outcome = {
  state: 'lost',
  cause: 'runner_died',
  detail: 'the runner died while this run was under way',
  exitCode: null,
};

export interface RunTableOptions extends Omit<RunStarterOptions, 'spoolPath'> {
  readonly directory: string;
  readonly admission: Pick<Admission, 'enter' | 'leave' | 'close'>;
  /** Spools nobody acknowledges keep this runner from taking more; they are never thrown away. */
  readonly maxSpoolBytes: number;
  /** What this runner has proven to itself. A run of another class is never given less. */
  readonly isolationClasses: () => readonly IsolationClass[];
  readonly bundles: Pick<BundleCache, 'has' | 'hold' | 'linkInto'>;
}

/** The runs of this runner by id: each is executed at most once, and kept until its end is acknowledged. */
export class RunTable {
  readonly #options: RunTableOptions;
  readonly #starter: RunStarter;
  readonly #entries = new Map<RunId, Entry>();
  readonly #starting = new Map<RunId, Promise<Entry>>();
  readonly #acknowledged = new LatestIds<RunId>(MAX_REMEMBERED_IDS);
  readonly #lost = new Set<RunId>();
  /** Runs whose spools are there and cannot be read for now: whether they have ended, nobody knows. */
  readonly #unread = new Set<string>();
  #isDraining = false;

  constructor(options: RunTableOptions) {
    this.#options = options;
    const { directory } = options;
    this.#starter = new RunStarter({ ...options, spoolPath: (runId) => join(directory, `${runId}${SPOOL_SUFFIX}`) });
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Those that an earlier process died in, and those whose end nobody has come for: their spools are kept until somebody does. */
  get lostRunIds(): RunId[] {
    const longAgoMs = Date.now() - UNCLAIMED_AFTER_MS;
    const unclaimed = [...this.#entries].filter(([, { spool }]) => spool.isEnded && spool.lastAtMs < longAgoMs);
    return [...new Set([...this.#lost, ...unclaimed.map(([runId]) => runId)])];
  }

  /**
   * Takes back what an earlier process left: ended runs are served again, runs it died in are ended as lost. Nobody waits for that: on a full
   * disk it takes until there is room, which is made by those who read and acknowledge.
   */
  recover(): void {
    const names = readdirSync(this.#options.directory).filter((name) => name.endsWith(SPOOL_SUFFIX));
    for (const name of names) {
      void orReport(this.#options.onFault, 'a spool could not be taken back', () => this.#recoverFrom(name));
    }
  }

  async #recoverFrom(name: string): Promise<void> {
    const path = join(this.#options.directory, name);
    const runId = name.slice(0, -SPOOL_SUFFIX.length);
    for (let waitMs = READ_AGAIN.firstMs; ; waitMs = Math.min(READ_AGAIN.mostMs, 2 * waitMs)) {
      const found = this.#reopen(path);
      if (found !== 'not-now') {
        this.#unread.delete(runId);
        return found && this.#takeBack(found);
      }
      this.#unread.add(runId);
      await delay(waitMs, undefined, { ref: false });
    }
  }

  #reopen(path: string): { spool: Spool; usage: Usage } | 'not-now' | undefined {
    let usage: Usage = NO_USAGE;
    try {
      const spool = Spool.reopen(path, (frame) => {
        if (frame.kind === 'usage') usage = frame.usage;
      });
      return { spool, usage };
    } catch (error) {
      const cause = new Error(path, { cause: error });
      if (isOfSystem(error)) {
        this.#options.onFault('a spool cannot be read for now', cause);
        return 'not-now';
      }
      // Cut off before its header was whole, so before anything ran; or damaged, and then kept for a person to look at.
      renameSync(path, `${path}.unreadable`);
      this.#options.onFault('a spool cannot be read', cause);
      return undefined;
    }
  }

  async #takeBack({ spool, usage }: { spool: Spool; usage: Usage }): Promise<void> {
    const { runId, inputBytes } = spool.header;
    this.#entries.set(runId, { spool });
    if (spool.isEnded) return;
    const { sealer, onFault } = this.#options;
    await orReport(onFault, 'files of a lost run could not be removed', () => spool.artifacts.remove());
    const ending = {
      outcome: RUNNER_DIED,
      usage: { ...usage, inputBytes },
      endedAtMs: Math.max(Date.now(), spool.lastAtMs),
    };
    await sealUntilKept(spool, sealer, ending, onFault);
    // Its end may have been read and acknowledged already.
    if (this.#entries.has(runId)) this.#lost.add(runId);
  }

  /** Starts a run, or finds it where the id is known. @throws Refusal */
  async begin(start: StartRun): Promise<Spool> {
    const { runId } = start;
    this.#assertRead(runId);
    const known = this.#entries.get(runId) ?? (await this.#starting.get(runId));
    if (!known) return (await this.#admit(start)).spool;
    if (!isSameRun(start, known.spool)) throw new Refusal('run_id_reused', `${runId} is another run`);
    return known.spool;
  }

  /** A run that still waits for its turn is not unknown: who hears that it is would start it elsewhere as well. @throws Refusal */
  async spoolOf(runId: RunId): Promise<Spool> {
    return (await this.#find(runId)).spool;
  }

  /** @throws Refusal */
  async cancel(runId: RunId): Promise<void> {
    const { run } = await this.#find(runId);
    run?.stop({ kind: 'cancelled' });
  }

  async #find(runId: RunId): Promise<Entry> {
    this.#assertRead(runId);
    const entry = this.#entries.get(runId) ?? (await this.#starting.get(runId));
    if (!entry) throw new Refusal('unknown_run', `${runId} is not a run of this runner`);
    return entry;
  }

  /** An answer that says nothing certain: whoever hears it asks again. */
  #assertRead(runId: RunId): void {
    if (this.#unread.has(runId)) throw new Refusal('internal', `the spool of ${runId} cannot be read for now`);
  }

  /** Frames up to `seq` are safe elsewhere; with the end acknowledged the run is forgotten. */
  acknowledge(runId: RunId, seq: number): void {
    if (this.#acknowledged.has(runId)) return;
    this.#assertRead(runId);
    const { spool } = this.#entries.get(runId) ?? {};
    if (!spool) throw new Refusal('unknown_run', `${runId} is not a run of this runner`);
    spool.markDelivered(spool.positionAfter(seq));
    if (!spool.isEnded || seq < spool.lastSeq) return;
    spool.remove();
    this.#entries.delete(runId);
    this.#lost.delete(runId);
    this.#acknowledged.add(runId);
  }

  /** Takes no more runs; settles once all are ended, after `boundMs` by force. */
  async drain(boundMs: number): Promise<void> {
    this.#isDraining = true;
    const refusal = new Refusal('draining', 'this runner is being stopped');
    this.#options.admission.close(refusal);
    const stopAll = setTimeout(() => {
      // A sandbox may come later than this: what would begin in it then, nobody would stop.
      this.#starter.close(refusal);
      for (const { run } of this.#entries.values()) run?.stop({ kind: 'runner_stopped' });
    }, boundMs);
    await Promise.allSettled(this.#starting.values());
    await Promise.all([...this.#entries.values()].flatMap(({ run }) => run?.ended ?? []));
    clearTimeout(stopAll);
  }

  /** Stops what goes on under a lease that has lapsed: it may begin elsewhere from now on. */
  stopLapsed(): void {
    for (const { run, lease } of this.#entries.values()) {
      if (lease !== undefined && !this.#options.lease.holds(lease)) run?.stop({ kind: 'runner_cut_off' });
    }
  }

  #admit(start: StartRun): Promise<Entry> {
    const { maxSpoolBytes, bundles, isolationClasses } = this.#options;
    const { runId, digest, isolation } = start;
    if (this.#acknowledged.has(runId)) throw new Refusal('run_id_reused', `${runId} has ended and was acknowledged`);
    if (this.#isDraining) throw new Refusal('draining', 'this runner is being stopped');
    if (!isolationClasses().includes(isolation)) {
      throw new Refusal('isolation_unavailable', `this runner does not offer ${isolation} isolation`);
    }
    this.#starter.assertMayBegin(start);
    const spooledBytes = this.#entries.values().reduce((sum, { spool }) => sum + spool.storedBytes, 0);
    if (spooledBytes > maxSpoolBytes) {
      throw new Refusal('at_capacity', 'too much output waits to be acknowledged', RETRY_AFTER_S);
    }
    const archives = archivesOf(start);
    const missing = archives.filter((archive) => !bundles.has(archive));
    if (missing.length > 0) throw missingRefusal(digest, missing);
    const release = bundles.hold(archives);
    const starting = this.#enter(start).finally(() => {
      release();
      this.#starting.delete(runId);
    });
    this.#starting.set(runId, starting);
    return starting;
  }

  async #enter(start: StartRun): Promise<Entry> {
    const entry = await this.#starter.start(start);
    this.#entries.set(start.runId, entry);
    return entry;
  }
}

/** What the system refuses (EMFILE, EIO) says nothing about what is in a file. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'errno' in error;
}

function isSameRun(start: StartRun, { header }: Spool): boolean {
  return (
    start.tenantId === header.tenantId &&
    start.digest === header.digest &&
    jsonSha256(start.input) === header.inputSha256
  );
}
