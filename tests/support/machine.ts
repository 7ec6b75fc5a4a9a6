import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { ensureDocker } from '#local/machine/docker';
import { COMPILER, ensurePackages, OCI_RUNTIMES, REDIS, type SystemPackage } from '#local/machine/packages';

/** What the tests of a project, or the benchmark of the sandbox, need of the machine, beside what npm brings. */
const PACKAGES: Readonly<Record<string, readonly SystemPackage[]>> = {
  unit: [
    { name: 'openssl', brings: 'openssl' },
    { name: 'python3', brings: 'python3' },
  ],
  integration: [REDIS, ...COMPILER, ...OCI_RUNTIMES],
  attacks: [...COMPILER, ...OCI_RUNTIMES],
  e2e: [REDIS, ...COMPILER, { name: 'chromium', brings: 'chromium' }],
  chaos: [REDIS, ...COMPILER, ...OCI_RUNTIMES, { name: 'faketime', brings: 'faketime' }],
  bench: [...COMPILER, ...OCI_RUNTIMES, { name: 'python3', brings: 'python3' }],
  conformance: [
    ...COMPILER,
    ...OCI_RUNTIMES,
    { name: 'qemu-system-x86', brings: 'qemu-system-x86_64' },
    { name: 'e2fsprogs', brings: 'mke2fs' },
  ],
};
const LOGS = '.data/logs';
const WITH_DOCKER = new Set(['integration', 'e2e', 'attacks', 'chaos', 'metering', 'bench', 'conformance']);

/** Installs and starts what is missing, saying so. @throws MissingPackages where that may not be done */
export async function ensureTestMachine(projects: readonly string[]): Promise<void> {
  const say = (message: string) => console.log(`· ${message}`);
  await ensurePackages([...new Set(projects.flatMap((project) => PACKAGES[project] ?? []))], say);
  if (!projects.some((project) => WITH_DOCKER.has(project))) return;
  await mkdir(LOGS, { recursive: true });
  await ensureDocker(path.join(LOGS, 'dockerd.log'), say);
}
