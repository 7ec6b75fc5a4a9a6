import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { allPids } from '#local/processes/proc';

type Mood = 'work' | 'hang' | 'fail';

/** A `crun` that comes first on the PATH, and works, hangs or fails as it is told. */
export class BreakableRuntime {
  readonly #directory = mkdtempSync(join(tmpdir(), 'soma-runtime-'));
  readonly #mood = join(this.#directory, 'mood');
  /** A file for each process of it that has ever hung, by its number. */
  readonly #hung = join(this.#directory, 'hung');

  constructor() {
    this.#turn('work');
    mkdirSync(this.#hung);
    const real = execFileSync('sh', ['-c', 'command -v crun'], { encoding: 'utf8' }).trim();
    const script = `#!/bin/sh
case "$(cat ${this.#mood})" in
  hang) : >"${this.#hung}/$$"; while :; do sleep 1; done ;;
  fail) echo 'it was told to fail' >&2; exit 1 ;;
esac
exec ${real} "$@"
`;
    writeFileSync(join(this.#directory, 'crun'), script, { mode: 0o755 });
  }

  /** Of a runner that is to find it. */
  get environment(): Record<string, string> {
    return { SOMA_EXECUTOR: 'oci', PATH: `${this.#directory}:${process.env['PATH'] ?? ''}` };
  }

  /** Processes of it that hang. */
  get hanging(): number {
    const there = new Set(allPids());
    return readdirSync(this.#hung).filter((pid) => there.has(Number(pid))).length;
  }

  hang(): void {
    this.#turn('hang');
  }

  fail(): void {
    this.#turn('fail');
  }

  wake(): void {
    this.#turn('work');
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #turn(mood: Mood): void {
    writeFileSync(this.#mood, mood);
  }
}
