import { freePorts } from '#local/ports';

import { heapUsedBytes } from './heap.ts';
import { containerCount, descriptorsOf, fileCount, groupCount, mountCount } from './holdings.ts';
import { ResidentMemory } from './resident-memory.ts';
import { Bench, CLIENTS, ENGINES } from './runner-load.ts';
import { publishSoak, soak } from './soak.ts';

const MIB = 2 ** 20;

/** One runner on its default engine, asked at its own door. */
export async function soakRunner(total: number): Promise<void> {
  const [inspectorPort] = await freePorts(1);
  const bench = await Bench.open(ENGINES[0], { NODE_OPTIONS: `--inspect=127.0.0.1:${inspectorPort}` });
  const { docker, runnerId, dataDirectory, pid } = bench.world;
  const memory = new ResidentMemory(pid);
  const soaked = {
    clients: CLIENTS,
    once: () => bench.run('python'),
    look: async () => ({
      'heap MiB': (await heapUsedBytes(inspectorPort)) / MIB,
      'runner MiB': memory.bytes / MIB,
      descriptors: descriptorsOf(pid),
      mounts: mountCount(),
      'control groups': groupCount(runnerId),
      containers: await containerCount(docker, runnerId),
      files: fileCount(dataDirectory),
    }),
  };
  let lines: string[];
  try {
    lines = await soak(soaked, total);
  } finally {
    await bench.world.close();
  }
  const left = `${mountCount()} mounts, ${groupCount(runnerId)} control groups of sandboxes`;
  publishSoak('soak', lines, `After the runner has drained: ${left}.`);
}
