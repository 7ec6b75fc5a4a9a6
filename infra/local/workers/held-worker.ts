import { mkdir, rm } from 'node:fs/promises';

import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';

import { allPids, commandLineOf, parentOf } from '../processes/proc.ts';
import type { WorkerStart } from './commands.ts';
import { Crons } from './crons.ts';

/** One Worker in a workerd of its own, in the process that holds it. Miniflare starts a workerd that died again, on the same ports. */
export class HeldWorker {
  readonly #miniflare: Miniflare;
  readonly #crons: Crons;

  private constructor(miniflare: Miniflare, crons: Crons) {
    this.#miniflare = miniflare;
    this.#crons = crons;
  }

  /** `onUp` hears which process it is, now and after each restart. */
  static async start(start: WorkerStart, onUp: (pid: number) => void): Promise<HeldWorker> {
    const { name, port, persistTo, temporary, worker } = start;
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    await mkdir(persistTo, { recursive: true });
    let crons: Crons | undefined;
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        host: '127.0.0.1',
        port,
        log: new Log(LogLevel.WARN, { prefix: name }),
        cf: { colo: 'LOC', country: 'XX' },
        unsafeTriggerHandlers: true,
        resourcePersistencePath: persistTo,
        resourceTmpPath: temporary,
        telemetry: { enabled: false },
        handleStructuredLogs: ({ level, message }) => console.log(`${name} ${level}: ${message}`),
        unsafeHandleRuntimeRestart: () => {
          onUp(workerdAt(port));
          crons?.fireAll();
        },
        workers: [worker],
      }),
    );
    crons = new Crons(await miniflare.ready, worker.cronTriggers ?? []);
    onUp(workerdAt(port));
    crons.start();
    return new HeldWorker(miniflare, crons);
  }

  /** With its workerd, at once: what it had not written is lost, as in a crash. */
  async stop(): Promise<void> {
    this.#crons.stop();
    await this.#miniflare.dispose();
  }
}

function workerdAt(port: number): number {
  const address = `\0--socket-addr=entry=127.0.0.1:${port}\0`;
  const pid = allPids().find((each) => parentOf(each) === process.pid && commandLineOf(each).includes(address));
  if (pid === undefined) throw new Error(`no workerd of this process listens on ${port}`);
  return pid;
}
