import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { publishSection } from '#support/publish-section';

import { percentile, type Timing } from './measure.ts';
import { machine, PAGE } from './report.ts';
import { Bench, CLIENTS, closedLoop, ENGINES } from './runner-load.ts';

/** Many runs on one runner: what grows, leaks. */
export async function soak(total: number): Promise<void> {
  const bench = await Bench.open(ENGINES[0]);
  const step = Math.max(100, Math.floor(total / 10));
  const rows: string[] = [];
  try {
    await closedLoop(bench, 'python', 3_000);
    for (let done = 0; done < total; done += step) {
      const startedAt = performance.now();
      const timings: Timing[] = [];
      const client = async () => {
        for (let left = step / CLIENTS; left > 0; left -= 1) timings.push(await bench.run('python'));
      };
      await Promise.all(Array.from({ length: CLIENTS }, client));
      const perSecond = (timings.length * 1_000) / (performance.now() - startedAt);
      // What was let go needs a moment to be gone.
      await delay(2_000);
      const { residentMib, descriptors } = processOf(bench.world.pid);
      const firstBytes = timings.map(({ firstByteMs }) => firstByteMs);
      const figures = [perSecond, percentile(firstBytes, 0.5), percentile(firstBytes, 0.95), residentMib];
      const counts = [descriptors, mountCount(), groupCount(bench.world.runnerId)];
      rows.push(`| ${[done + step, ...figures.map((figure) => figure.toFixed(1)), ...counts].join(' | ')} |`);
      console.log(rows.at(-1));
    }
  } finally {
    await bench.world.close();
  }
  const head =
    '| runs so far | runs/s | first byte p50 ms | p95 | runner MiB | descriptors | mounts | control groups |';
  const after = `After the runner has drained: ${mountCount()} mounts, ${groupCount(bench.world.runnerId)} control groups of sandboxes. ${machine()}.`;
  publishSection(PAGE, 'soak', [head, '|---|---|---|---|---|---|---|---|', ...rows, '', after].join('\n'));
}

function processOf(pid: number): { residentMib: number; descriptors: number } {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return { residentMib: (pages * 4_096) / 2 ** 20, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

function mountCount(): number {
  return readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n').length;
}

/** Control groups of this runner's sandboxes, those that wait in the pool among them. */
function groupCount(runnerId: string): number {
  const root = ['/sys/fs/cgroup/memory/soma', '/sys/fs/cgroup/soma'].find((path) => existsSync(`${path}/${runnerId}`));
  if (root === undefined) return 0;
  return readdirSync(`${root}/${runnerId}`, { withFileTypes: true }).filter((entry) => entry.isDirectory()).length;
}
