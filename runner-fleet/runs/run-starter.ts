import { join } from 'node:path';

import type { Digest } from '#contracts/digest';
import type { Frame } from '#contracts/frames';
import type { RunId } from '#contracts/ids';
import { jsonSha256 } from '#contracts/json-sha256';
import { NO_USAGE } from '#contracts/run';
import type { StartRun } from '#contracts/runner';

import type { Admission } from '../admission/admission.ts';
import type { BundleCache } from '../bundles/bundle-cache.ts';
import { missingRefusal, Refusal } from '../door/refusal.ts';
import { EgressGate, type Network } from '../egress/gate.ts';
import type { Sandbox } from '../executor/executor.ts';
import { MEMORY_FLOOR_BYTES } from '../executor/sandbox-spec.ts';
import type { OnFault } from '../fault.ts';
import type { LeaseKeeper } from '../lifecycle/lease-keeper.ts';
import { shapeFor } from '../pool/shape.ts';
import { Run } from './run.ts';
import { seal, type Sealer } from './seal.ts';
import { Spool, type SpoolHeader } from './spool.ts';

/** Where the sandbox's forwarder looks for it (images/init/egress.c). */
const EGRESS_SOCKET = 'egress';
const RETRY_AFTER_S = 1;

export interface RunStarterOptions {
  readonly admission: Pick<Admission, 'enter' | 'leave'>;
  readonly bundles: Pick<BundleCache, 'linkInto'>;
  readonly network: Network;
  readonly lease: Pick<LeaseKeeper, 'holds'>;
  readonly sealer: Sealer;
  readonly onFault: OnFault;
  readonly onEnded: (frame: Extract<Frame, { kind: 'end' }>) => void;
  readonly spoolPath: (runId: RunId) => string;
}

export interface Entry {
  readonly spool: Spool;
  /** Absent for a run that ended before this process began, or without a sandbox. */
  readonly run?: Run;
  /** Of the runner; the run ends with it. */
  readonly lease?: string | undefined;
}

/** From a run that was let in to one that is under way: its sandbox, its files, its way out, its spool. */
export class RunStarter {
  readonly #options: RunStarterOptions;
  #closedBecause: Refusal | undefined;

  constructor(options: RunStarterOptions) {
    this.#options = options;
  }

  /** Nothing begins any more, nor does what was let in and still waits for its sandbox. */
  close(refusal: Refusal): void {
    this.#closedBecause = refusal;
  }

  /** @throws Refusal where nothing of it has run */
  async start(start: StartRun): Promise<Entry> {
    const shape = shapeFor(start);
    const input = Buffer.from(JSON.stringify(start.input));
    if (shape.memoryBytes < MEMORY_FLOOR_BYTES[shape.image]) return this.#endTooSmall(start, input);
    return this.#startIn(await this.#options.admission.enter(start.tenantId, shape), start, input);
  }

  /** @throws Refusal as `close` says · where the run may have begun elsewhere since it was sent here */
  assertMayBegin(start: StartRun): void {
    if (this.#closedBecause) throw this.#closedBecause;
    if (!this.#mayGoOn(start)) throw new Refusal('lease_lapsed', 'this runner was cut off since it was chosen');
  }

  #mayGoOn({ lease }: StartRun): boolean {
    return lease === undefined || this.#options.lease.holds(lease);
  }

  async #startIn(sandbox: Sandbox, start: StartRun, input: Buffer): Promise<Entry> {
    let egress: EgressGate | undefined;
    try {
      await this.#link(start, sandbox);
      egress = await this.#openEgress(start, sandbox);
      return this.#execute(start, input, sandbox, egress);
    } catch (error) {
      egress?.close();
      await sandbox.dispose();
      this.#options.admission.leave();
      throw error;
    }
  }

  async #openEgress(start: StartRun, sandbox: Sandbox): Promise<EgressGate | undefined> {
    const { egress: grants } = start;
    if (grants.length === 0) return undefined;
    const { network, onFault } = this.#options;
    try {
      return await EgressGate.open(join(sandbox.controlDirectory, EGRESS_SOCKET), {
        grants,
        bounds: boundsOf(start),
        network,
        mayPass: () => this.#mayGoOn(start),
      });
    } catch (error) {
      onFault('a way out could not be opened', error);
      throw new Refusal('unavailable', 'the egress of the run could not be opened', RETRY_AFTER_S);
    }
  }

  async #link(start: StartRun, { capsuleDirectory }: Sandbox): Promise<void> {
    const missing = await this.#options.bundles.linkInto(archivesOf(start), capsuleDirectory);
    if (missing.length > 0) throw missingRefusal(start.digest, missing);
  }

  #execute(start: StartRun, input: Buffer, sandbox: Sandbox, egress: EgressGate | undefined): Entry {
    const { admission, sealer, onFault } = this.#options;
    this.assertMayBegin(start);
    const spool = this.#createSpool(start, input);
    try {
      const run = new Run({ start, input, sandbox, egress, spool, sealer, onFault });
      void run.ended.then(() => {
        admission.leave();
        this.#reportEnd(spool);
      });
      spool.sync().catch((error: unknown) => onFault('a spool could not be synced', error));
      return { spool, run, lease: start.lease };
    } catch (error) {
      // The sandbox died while it waited. Nothing has run, so the run may still be started elsewhere.
      spool.remove();
      onFault('a run could not be handed over', error);
      throw new Refusal('unavailable', 'no sandbox could be started', RETRY_AFTER_S);
    }
  }

  /** A runtime that cannot boot in the memory it was granted is out of memory before it begins. */
  async #endTooSmall(start: StartRun, input: Buffer): Promise<Entry> {
    const { resources, runtime } = start;
    const spool = this.#createSpool(start, input);
    try {
      await seal(spool, this.#options.sealer, {
        outcome: {
          state: 'out_of_memory',
          cause: 'memory_too_small',
          detail: `${runtime} needs more than the ${resources.memoryBytes} bytes it was granted to start at all`,
          exitCode: null,
        },
        usage: { ...NO_USAGE, inputBytes: input.length },
        claims: { egress: { targets: [] } },
        endedAtMs: spool.header.startedAtMs,
      });
    } catch (error) {
      spool.remove();
      throw this.#notKept(error);
    }
    this.#reportEnd(spool);
    return { spool };
  }

  #createSpool(start: StartRun, input: Buffer): Spool {
    const { runId, tenantId, installationId, capsule, version, digest, cell, isolation } = start;
    const header: SpoolHeader = {
      runId,
      tenantId,
      installationId,
      capsule,
      version,
      digest,
      cell,
      isolation,
      inputSha256: jsonSha256(start.input),
      inputBytes: input.length,
      startedAtMs: Date.now(),
    };
    try {
      return Spool.create(this.#options.spoolPath(runId), header);
    } catch (error) {
      throw this.#notKept(error);
    }
  }

  #notKept(error: unknown): Refusal {
    this.#options.onFault('a spool could not be made', error);
    return new Refusal('unavailable', 'what the run says could not be kept', RETRY_AFTER_S);
  }

  #reportEnd({ end }: Spool): void {
    if (end) this.#options.onEnded(end);
  }
}

/** Of the secrets that the run holds; one that it was not given bounds nothing. */
function boundsOf({ secrets, secretHosts }: StartRun): string[][] {
  return Object.entries(secretHosts).flatMap(([name, hosts]) => (Object.hasOwn(secrets, name) ? [hosts] : []));
}

/** What the files of a run come from; the bundle lies on top. */
export function archivesOf({ layers, digest }: StartRun): Digest[] {
  return [...layers, digest];
}
