import { readFileSync, writeFileSync } from 'node:fs';

/** Resident memory of one process by proc_pid_status(5): what it holds, and the most it held since `restart`. */
export class ResidentMemory {
  readonly #pid: number;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Forgets what the most was so far (`clear_refs`, proc_pid_clear_refs(5)), and says what it is now. */
  restart(): number {
    writeFileSync(`/proc/${this.#pid}/clear_refs`, '5');
    return this.bytes;
  }

  get bytes(): number {
    return this.#read('VmRSS');
  }

  get peakBytes(): number {
    return this.#read('VmHWM');
  }

  #read(field: 'VmRSS' | 'VmHWM'): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8');
    const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kibibytes === undefined) throw new Error(`process ${this.#pid} has no ${field}`);
    return Number(kibibytes) * 1_024;
  }
}
