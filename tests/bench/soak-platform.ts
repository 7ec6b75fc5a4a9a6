import { ResidentMemory } from '#support/resident-memory';
import { RunningTenant } from '#support/running-tenant';

import { withPlatform } from './bench-platform.ts';
import { FLOORS } from './floors.ts';
import { childrenOf, descriptorsOf, fileCount } from './holdings.ts';
import { installPython, timeRun } from './run-start.ts';
import { publishSoak, soak } from './soak.ts';

const MIB = 2 ** 20;
/** Fewer than make runs wait for each other on a small machine: a slowdown shows in the first byte. */
const CLIENTS = 2;

/** The whole platform, asked at its public door. */
export async function soakPlatform(total: number): Promise<void> {
  await withPlatform(async ({ publicUrl, pids, runnerDirectory }) => {
    const tenant = await RunningTenant.create(publicUrl, 'eu-west-1');
    const installation = await installPython(tenant);
    const { worker: cell, router } = pids;
    const mebibytesOf = (pid: number) => new ResidentMemory(pid).bytes / MIB;
    const rows = await soak(
      {
        clients: CLIENTS,
        // By API key, which lasts.
        once: () => timeRun(tenant.connection, installation),
        floor: FLOORS.python,
        look: async () =>
          Promise.resolve({
            'cell workerd MiB': mebibytesOf(cell),
            'its descriptors': descriptorsOf(cell),
            'router workerd MiB': mebibytesOf(router),
            'runner MiB': mebibytesOf(pids.runner),
            'its files': fileCount(runnerDirectory),
            'Postgres processes': childrenOf(pids.postgres).length,
          }),
      },
      total,
    );
    publishSoak('platform-soak', rows, `${CLIENTS} clients.`);
  });
}
