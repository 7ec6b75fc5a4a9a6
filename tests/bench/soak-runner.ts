import { freePorts } from '#local/ports';
import { ResidentMemory } from '#support/resident-memory';

import { FLOORS } from './floors.ts';
import { heapUsedBytes } from './heap.ts';
import { containerCount, descendantsOf, descriptorsOf, fileCount, groupCount, mountCount } from './holdings.ts';
import { Bench, CLIENTS, type Engine, ENGINES, type Language } from './runner-load.ts';
import { assertFlat, publishSoak, type Row, soak } from './soak.ts';

const MIB = 2 ** 20;

export interface RunnerSoak {
  readonly total: number;
  readonly engineName: Engine['name'];
  readonly language: Language;
}

/** What a runner may hold more of at the end than after the first tenth: room for what comes and goes, not for what a run leaves. */
const SLACK = {
  'heap MiB': 8,
  'runner MiB': 48,
  descriptors: 16,
  mounts: 0,
  'control groups': 16,
  containers: 16,
  processes: 32,
  files: 160,
} as const;
/** The last tenth may be that much slower than the first: machines are noisy, and a leak shows as a trend. */
const SLOWDOWN = 1.3;

/** One runner, asked at its own door. @throws where something grows */
export async function soakRunner({ total, engineName, language }: RunnerSoak): Promise<void> {
  const engine = ENGINES.find(({ name }) => name === engineName) ?? ENGINES[0];
  const [inspectorPort] = await freePorts(1);
  const bench = await Bench.open(engine, { NODE_OPTIONS: `--inspect=127.0.0.1:${inspectorPort}` });
  const { docker, runnerId, dataDirectory, pid } = bench.world;
  const memory = new ResidentMemory(pid);
  const soaked = {
    clients: CLIENTS,
    once: () => bench.run(language),
    floor: FLOORS[language],
    look: async () => ({
      'heap MiB': (await heapUsedBytes(inspectorPort)) / MIB,
      'runner MiB': memory.bytes / MIB,
      descriptors: descriptorsOf(pid),
      mounts: mountCount(),
      'control groups': groupCount(runnerId),
      containers: await containerCount(docker, runnerId),
      processes: descendantsOf(pid).length,
      files: fileCount(dataDirectory),
    }),
  };
  let rows: readonly Row[];
  try {
    rows = await soak(soaked, total);
  } finally {
    await bench.close();
  }
  const left = `${mountCount()} mounts, ${groupCount(runnerId)} control groups of sandboxes`;
  publishSoak(`soak ${engineName}, ${language}`, rows, `After the runner has drained: ${left}.`);
  assertFlat(rows, SLACK, SLOWDOWN);
}
