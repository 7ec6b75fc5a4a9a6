import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { until } from './until.ts';

/** What the kernel charged one process, and how long that waited for a processor: its account of tasks, which knows no groups. */
export interface Account {
  readonly cpuUs: number;
  readonly waitedUs: number;
}

/** The two processes of a sandbox that waits for its one request. */
export class SandboxTasks {
  /** Process 1, which passes on what the run says. */
  readonly #init: number;
  readonly #initBefore: Account;
  /** Has booted the runtime, and waits to be the run. */
  readonly runtimeBefore: Account;

  private constructor(init: number, runtime: number) {
    this.#init = init;
    this.#initBefore = accountOf(init);
    this.runtimeBefore = accountOf(runtime);
  }

  /** Once both sleep: until then, what is left of the boot would be taken for the run's. */
  static async atRest(group: string): Promise<SandboxTasks> {
    const pids = await until(
      'a sandbox at rest',
      () => Promise.resolve(processesBelow(group)),
      (found) => found.length === 2 && found.every(isAsleep),
    );
    const init = pids.find((pid) => nameOf(pid) === 'capsule-init');
    const runtime = pids.find((pid) => pid !== init);
    if (init === undefined || runtime === undefined) throw new Error('the sandbox has no process 1');
    return new SandboxTasks(init, runtime);
  }

  /** What process 1 was charged since. */
  initUs(): number {
    return accountOf(this.#init).cpuUs - this.#initBefore.cpuUs;
  }
}

function processesBelow(group: string): number[] {
  const own = readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  const children = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...own, ...children.flatMap(({ name }) => processesBelow(join(group, name)))];
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

/** proc(5): the state follows the name, which is in parentheses. */
function isAsleep(pid: number): boolean {
  return /\) S /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** proc(5), `schedstat`: nanoseconds on a processor, and nanoseconds of waiting for one. */
function accountOf(pid: number): Account {
  const [cpuNs, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  if (cpuNs === undefined || waitedNs === undefined) throw new Error('the kernel keeps no account of tasks');
  return { cpuUs: cpuNs / 1_000, waitedUs: waitedNs / 1_000 };
}
