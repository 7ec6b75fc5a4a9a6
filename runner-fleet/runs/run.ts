import type { FrameBody } from '#contracts/frames';
import { memoryByteSecondsOf, type Usage } from '#contracts/run';
import type { StartRun } from '#contracts/runner';

import type { EgressGate } from '../egress/gate.ts';
import type { CgroupReading } from '../executor/cgroup-meter.ts';
import type { Sandbox } from '../executor/executor.ts';
import { FRAME, FrameDecoder, KILL_WORD, Trailer, type WireFrame } from '../executor/wire.ts';
import { type OnFault, orReport } from '../fault.ts';
import { begin, type Lifecycle, type Signal, step, type StopSignal } from '../lifecycle/lifecycle.ts';
import { ArtifactIntake, artifactLimitsOf, isArtifactFrame, NotKept } from './artifact-intake.ts';
import { OutputStream } from './output-stream.ts';
import { requestOf } from './request.ts';
import { type Ending, type Sealer, sealUntilKept } from './seal.ts';
import { SecretMasker } from './secret-masker.ts';
import type { Spool } from './spool.ts';
import { Statements } from './statements.ts';

/** Process 1 of the sandbox keeps the wall limit; this much later the runner does. */
const WALL_GRACE_MS = 250;
/** How long a sandbox may take to end after it was told to. */
const STOP_GRACE_MS = 750;
/** The same for one that may begin elsewhere in a moment; with the ways there it stays below LEASE_MARGIN_MS. */
const CUT_OFF_GRACE_MS = 250;
const USAGE_INTERVAL_MS = 500;
/** From the first byte of what a run left to the last. */
const COLLECT_LIMIT_MS = 60_000;
/** What may lie in the spool unread before the run is made to wait for its readers. */
const MAX_LAG_BYTES = 32 * 2 ** 20;
const STDERR_TAIL_BYTES = 4_096;
const SIGABRT = 6;

export interface RunParts {
  readonly start: StartRun;
  readonly input: Buffer;
  readonly sandbox: Sandbox;
  /** Absent for a run that was granted no way out. */
  readonly egress?: EgressGate | undefined;
  readonly spool: Spool;
  readonly sealer: Sealer;
  readonly onFault: OnFault;
}

/** One run in its sandbox: feeds what happens to the lifecycle, does what the lifecycle decides, writes the frames. */
export class Run {
  readonly #ended = Promise.withResolvers<void>();
  readonly ended = this.#ended.promise;
  readonly #parts: RunParts;
  readonly #decoder = new FrameDecoder();
  readonly #masker: SecretMasker;
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  readonly #statements: Statements;
  readonly #artifacts: ArtifactIntake;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #wallTimer: NodeJS.Timeout;
  readonly #nonce: string;
  readonly #startedAt = performance.now();
  readonly #baselineCpuUs: number;
  #lifecycle: Lifecycle;
  #reading: CgroupReading;
  #wallUs: number | undefined;
  #outputBytes = 0;
  #stderrTail = Buffer.alloc(0);

  /** @throws where the sandbox is gone already; then nothing of it has run, nor will anything be said of it */
  constructor(parts: RunParts) {
    this.#parts = parts;
    const { start, sandbox, egress } = parts;
    const { resources } = start;
    this.#lifecycle = begin({ ...resources, needsResult: start.style === 'handler', isolation: start.isolation });
    this.#masker = new SecretMasker(start.secrets);
    this.#stdout = new OutputStream(this.#masker.stream(), (text) => this.#append({ kind: 'stdout', ...text }));
    this.#stderr = new OutputStream(this.#masker.stream(), (text) => this.#append({ kind: 'stderr', ...text }));
    this.#statements = new Statements({
      start,
      masker: this.#masker,
      append: (frame) => this.#append(frame),
      signal: (signal) => this.#signal(signal),
    });
    this.#artifacts = new ArtifactIntake(parts.spool.artifacts, artifactLimitsOf(start), this.#masker);

    const { bytes, nonce } = requestOf(parts);
    this.#nonce = nonce;
    // Of one that died while it waited nothing would ever be heard again.
    if (sandbox.channel.destroyed) throw new Error('the channel to the sandbox is closed');
    // Read last before the hand-over: what the runtime needed to boot is not the run's. Nobody listens yet: where this throws there is no run.
    this.#baselineCpuUs = sandbox.group.meter.cpuUs();
    this.#reading = { cpuUs: this.#baselineCpuUs, memoryPeakBytes: 0, oomKills: 0, pidsRefusals: 0 };
    sandbox.channel.on('data', (chunk: Buffer) => this.#onData(chunk));
    sandbox.channel.on('close', () => void this.#onClose());
    sandbox.channel.write(bytes);
    sandbox.channel.resume();

    this.#wallTimer = setTimeout(() => this.stop({ kind: 'wall_limit' }), resources.timeoutMs + WALL_GRACE_MS);
    this.#timers.push(
      this.#wallTimer,
      setInterval(() => this.#reportUsage(), USAGE_INTERVAL_MS),
    );
    parts.spool.onDelivered = () => this.#regulate();
    if (egress) egress.onNews = () => this.#reportEgress(egress);
  }

  stop(reason: StopSignal): void {
    this.#signal(reason);
  }

  #signal(signal: Signal): void {
    const { run, effect } = step(this.#lifecycle, signal);
    this.#lifecycle = run;
    if (effect === 'kill') this.#kill();
    if (effect === 'end') void orReport(this.#parts.onFault, 'a run could not be ended', () => this.#end());
  }

  #onData(chunk: Buffer): void {
    try {
      for (const frame of this.#decoder.decode(chunk)) this.#onFrame(frame);
    } catch (error) {
      this.#parts.onFault('the sandbox spoke out of turn', error);
      this.#parts.sandbox.channel.destroy();
    }
    this.#regulate();
  }

  #onFrame(frame: WireFrame): void {
    if (isArtifactFrame(frame)) return this.#onArtifact(frame);
    const { type, bytes } = frame;
    switch (type) {
      case FRAME.stdout:
        return this.#stdout.push(this.#count(bytes));
      case FRAME.stderr: {
        const counted = this.#count(bytes);
        this.#stderrTail = Buffer.concat([this.#stderrTail, counted.subarray(-STDERR_TAIL_BYTES)]).subarray(
          -STDERR_TAIL_BYTES,
        );
        return this.#stderr.push(counted);
      }
      case FRAME.result:
        return this.#statements.push(this.#count(bytes));
      case FRAME.trailer:
        return this.#onTrailer(Trailer.parse(JSON.parse(bytes.toString('utf8'))));
      default:
        throw new Error(`a frame of type ${type} was not due`);
    }
  }

  /** What of `bytes` still fits the output limit; the first byte that does not ends the run. */
  #count(bytes: Buffer): Buffer {
    const { outputBytes: limitBytes } = this.#parts.start.resources;
    const fitting = bytes.subarray(0, limitBytes - this.#outputBytes);
    this.#outputBytes += fitting.length;
    if (fitting.length < bytes.length) this.#signal({ kind: 'output_limit', limitBytes });
    return fitting;
  }

  /** Nothing of the capsule runs any more, and what it left comes in: its time is over, and the platform's own has begun. */
  #onArtifact(frame: WireFrame): void {
    clearTimeout(this.#wallTimer);
    if (!this.#artifacts.hasBegun) {
      this.#timers.push(setTimeout(() => this.stop({ kind: 'spool_failed' }), COLLECT_LIMIT_MS));
    }
    try {
      const refusal = this.#artifacts.take(frame);
      if (refusal) this.#signal(refusal);
    } catch (error) {
      if (!(error instanceof NotKept)) throw error;
      this.#parts.onFault('a file could not be kept', error);
      this.#signal({ kind: 'spool_failed' });
    }
  }

  /** Nothing in the sandbox runs any more, and process 1 waits: the counters stand still. */
  #onTrailer(trailer: Trailer): void {
    if (trailer.nonce !== this.#nonce) throw new Error('its last word does not carry the nonce');
    this.#reading = this.#parts.sandbox.group.meter.read();
    this.#artifacts.assertWhole();
    this.#wallUs = trailer.wallUs;
    this.#flush();
    const isSignalled = trailer.signal !== 0;
    this.#signal({
      kind: 'exited',
      exit: {
        exitCode: isSignalled ? null : trailer.exitCode,
        signal: isSignalled ? trailer.signal : null,
        isTimedOut: trailer.timedOut,
        oomKills: this.#reading.oomKills,
        pidsRefusals: this.#reading.pidsRefusals,
        isHeapExhausted: trailer.signal === SIGABRT && this.#stderrTail.includes('JavaScript heap out of memory'),
      },
    });
  }

  async #onClose(): Promise<void> {
    if (this.#lifecycle.outcome) return;
    this.#readMeter();
    this.#flush();
    const { oomKills, pidsRefusals } = this.#reading;
    const isAbandoned = this.#lifecycle.stop === undefined && (await this.#parts.sandbox.isAbandoned());
    this.#signal({ kind: 'vanished', oomKills, pidsRefusals, isAbandoned });
  }

  #kill(): void {
    const { sandbox, egress, onFault } = this.#parts;
    // What it still does, nobody outside is to notice.
    egress?.close();
    sandbox.channel.write(KILL_WORD);
    // What is left in the pipes is little; waiting for a reader now would only delay the end.
    sandbox.channel.resume();
    const killFromOutside = async () => {
      this.#readMeter();
      await sandbox.kill().catch((error: unknown) => onFault('the engine did not kill a sandbox', error));
      sandbox.channel.destroy();
    };
    const graceMs = this.#lifecycle.stop?.kind === 'runner_cut_off' ? CUT_OFF_GRACE_MS : STOP_GRACE_MS;
    this.#timers.push(setTimeout(() => void killFromOutside(), graceMs));
  }

  /** The group may be gone with its sandbox; then what was read last is what is known. */
  #readMeter(): void {
    try {
      this.#reading = this.#parts.sandbox.group.meter.read();
    } catch {
      this.#parts.onFault('a sandbox was gone before its usage was read', undefined);
    }
  }

  #flush(): void {
    this.#stdout.end();
    this.#stderr.end();
    this.#statements.flush();
  }

  #reportUsage(): void {
    this.#readMeter();
    this.#append({ kind: 'usage', usage: this.#usage() });
  }

  #usage(): Usage {
    const elapsedUs = this.#wallUs ?? Math.ceil((performance.now() - this.#startedAt) * 1_000);
    const { timeoutMs, memoryBytes } = this.#parts.start.resources;
    // What the platform needs to stop a run is not the run's.
    const wallUs = Math.min(elapsedUs, timeoutMs * 1_000);
    return {
      cpuUs: this.#reading.cpuUs - this.#baselineCpuUs,
      wallUs,
      memoryPeakBytes: this.#reading.memoryPeakBytes,
      memoryByteSeconds: memoryByteSecondsOf(memoryBytes, wallUs),
      inputBytes: this.#parts.input.length,
      outputBytes: this.#outputBytes,
      egressBytes: this.#parts.egress?.bytes ?? 0,
      meters: this.#statements.meterTotals(),
    };
  }

  /** A name may say a secret, too. */
  #reportEgress(egress: EgressGate): void {
    const { rows, others } = egress.report();
    const masked = rows.map((row) => ({ ...row, target: this.#masker.hostName(row.target) }));
    this.#append({ kind: 'egress', report: { rows: masked, others } });
  }

  /** Makes the run wait while its readers are far behind. */
  #regulate(): void {
    const { channel } = this.#parts.sandbox;
    if (this.#lifecycle.outcome || this.#lifecycle.stop) return;
    const { lag } = this.#parts.spool;
    if (lag > MAX_LAG_BYTES) channel.pause();
    else if (lag < MAX_LAG_BYTES / 2 && channel.isPaused()) channel.resume();
  }

  /** By the clock as it was when the run began: one that is set meanwhile does not let a run end before it started. */
  #nowMs(): number {
    return this.#parts.spool.header.startedAtMs + Math.round(performance.now() - this.#startedAt);
  }

  /** A frame that cannot be kept may not be followed by one that can: the run ends. */
  #append(body: FrameBody): void {
    if (this.#lifecycle.stop?.kind === 'spool_failed') return;
    try {
      this.#parts.spool.append(body, this.#nowMs());
    } catch (error) {
      this.#parts.onFault('a frame could not be kept', error);
      this.#signal({ kind: 'spool_failed' });
    }
  }

  /** What the receipt attests beside the outcome. */
  #left(): Pick<Ending, 'output' | 'claims'> {
    const hasSucceeded = this.#lifecycle.outcome?.state === 'succeeded';
    const egress = this.#parts.egress?.totals((target) => this.#masker.hostName(target)) ?? { targets: [] };
    const claims = { ...this.#statements.claims({ hasSucceeded }), ...this.#artifacts.taken(), egress };
    return { output: this.#statements.output, claims };
  }

  async #end(): Promise<void> {
    const { spool, sealer, sandbox, egress, onFault } = this.#parts;
    const { outcome } = this.#lifecycle;
    if (!outcome) throw new Error('a run ends with an outcome');
    for (const timer of this.#timers) clearTimeout(timer);
    egress?.close();
    if (egress?.wasUsed) this.#reportEgress(egress);
    // Files are whole only where the sandbox had its last word.
    if (this.#wallUs === undefined || this.#lifecycle.stop) {
      await orReport(onFault, 'files of a run could not be removed', () => this.#artifacts.discard());
    }
    const detail = this.#masker.cutText(outcome.detail);
    const ending = { outcome: { ...outcome, detail }, usage: this.#usage(), ...this.#left(), endedAtMs: this.#nowMs() };
    await sandbox.dispose();
    await orReport(onFault, 'a file could not be synced', () => this.#artifacts.synced());
    await sealUntilKept(spool, sealer, ending, onFault);
    this.#ended.resolve();
  }
}
