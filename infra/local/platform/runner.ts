import { join } from 'node:path';

import Dockerode from 'dockerode';

import type { Cell } from '#contracts/cells';
import { cellSpiffeId, operatorSpiffeId, runnerSpiffeId } from '#contracts/identity';
import { ensureImages, missingImages } from '#runner/images/build';

import { startDevelopmentCa } from '../identity/ca.ts';
import { startMtlsDoor } from '../identity/mtls-door.ts';
import { startSvidProxy } from '../identity/svid-proxy.ts';
import { ensureDocker } from '../machine/docker.ts';
import { COMPILER, ensurePackages, MissingPackages, OCI_RUNTIMES } from '../machine/packages.ts';
import { operatorDirectory } from '../operator.ts';
import { untilAnswering } from '../processes/answering.ts';
import { Supervised } from '../processes/supervised.ts';
import { type Site, TRUST_DOMAIN } from './site.ts';

/** A Ctrl-C waits this long for runs that are under way. */
const DRAIN_MS = 1_000;
/** It takes seconds to prove its isolation, on cores that it shares with who looks. */
const LOOK_EVERY_MS = 100;

export type DevelopmentCa = Awaited<ReturnType<typeof startDevelopmentCa>>;

export function startCa(site: Site, svidTtlMs: number): Promise<DevelopmentCa> {
  return site.steps.run('certificate authority', () =>
    site.open(() => startDevelopmentCa({ dataDir: site.directory('ca'), trustDomain: TRUST_DOMAIN, svidTtlMs })),
  );
}

/** Docker Engine, and the images sandboxes boot from. */
export async function prepareSandboxes(site: Site): Promise<void> {
  await site.steps.run('Docker Engine', (say) => ensureDocker(site.directory('logs', 'dockerd.log'), say));
  await site.steps.run('container runtimes', (say) => ensureRuntimes(say));
  await site.steps.run('sandbox images', async (say) => {
    const docker = new Dockerode();
    if ((await missingImages(docker)).length === 0) return;
    await ensurePackages(COMPILER, say);
    const packageCache = join(site.root, 'node_modules/.cache/soma/packages');
    await ensureImages({ docker, packageCache, onProgress: (image, step) => say(`${image}: ${step}`) });
  });
}

/** Only root can use them; without them a runner works through Docker Engine, and offers what that can. */
async function ensureRuntimes(say: (message: string) => void): Promise<void> {
  if (process.getuid?.() !== 0) return;
  try {
    await ensurePackages(OCI_RUNTIMES, say);
  } catch (error) {
    if (!(error instanceof MissingPackages)) throw error;
    say(error.message);
  }
}

/** The identity of a cell's edge, and the two doors at which it is shown: towards its runners, and from them. */
export async function startIdentity(site: Site, cell: Cell, ca: DevelopmentCa): Promise<void> {
  const { worker, mtlsDoor, svidProxy } = site.ports.cells[cell];
  const identityDirectory = site.directory('identity', cell);
  await ca.issue({
    spiffeId: cellSpiffeId(TRUST_DOMAIN, cell),
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    directory: identityDirectory,
  });
  await site.open(() =>
    startMtlsDoor({ port: mtlsDoor, target: { host: '127.0.0.1', port: worker }, identityDirectory }),
  );
  await site.open(() => startSvidProxy({ port: svidProxy, identityDirectory, trustDomain: TRUST_DOMAIN, cell }));
}

/** The certificate of whoever operates this platform, for `operator.ts`. */
export async function issueOperator(site: Site, ca: DevelopmentCa): Promise<void> {
  const directory = operatorDirectory(site.dataDirectory);
  await ca.issue({ spiffeId: operatorSpiffeId(TRUST_DOMAIN, 'local'), dnsNames: [], ipAddresses: [], directory });
}

/** What a runner of a cell has to itself. */
function placeOf(site: Site, cell: Cell, number: 1 | 2) {
  const { runner, runnerHealth, secondRunner, secondRunnerHealth } = site.ports.cells[cell];
  const [firstId, secondId] = site.secrets.cells[cell].runnerIds;
  return number === 1
    ? { name: `runner:${cell}` as const, runnerId: firstId, own: 'runner', port: runner, healthPort: runnerHealth }
    : {
        name: `runner:${cell}:2` as const,
        runnerId: secondId,
        own: 'runner-2',
        port: secondRunner,
        healthPort: secondRunnerHealth,
      };
}

export async function startRunner(site: Site, cell: Cell, ca: DevelopmentCa, number: 1 | 2): Promise<void> {
  const { name, runnerId, own, port, healthPort } = placeOf(site, cell, number);
  const { mtlsDoor } = site.ports.cells[cell];
  const identityDirectory = site.directory('identity', `${own}-${cell}`);
  await site.steps.run(`${own}, ${cell}`, async () => {
    await ca.issue({
      spiffeId: runnerSpiffeId(TRUST_DOMAIN, cell, own),
      dnsNames: ['localhost'],
      ipAddresses: ['127.0.0.1'],
      directory: identityDirectory,
    });
    const supervised = new Supervised({
      name,
      owner: site.owner,
      command: process.execPath,
      args: [join(site.root, 'runner-fleet/main.ts')],
      env: {
        SOMA_CELL: cell,
        SOMA_RUNNER_ID: runnerId,
        SOMA_RUNNER_NAME: own,
        SOMA_PORT: String(port),
        SOMA_HEALTH_PORT: String(healthPort),
        SOMA_IDENTITY_DIR: identityDirectory,
        SOMA_CELL_DOOR: `https://127.0.0.1:${mtlsDoor}`,
        SOMA_DATA_DIR: site.directory(cell, own),
        SOMA_TRUST_DOMAIN: TRUST_DOMAIN,
        SOMA_DRAIN_MS: String(DRAIN_MS),
        ...site.runnerEnvironment(name),
      },
      logFile: site.logFile(name),
      stopSignal: 'SIGTERM',
      stopWithinMs: 10_000,
      readyWithinMs: 60_000,
      ready: (_child, signal) => untilAnswering(() => isReady(healthPort), signal, LOOK_EVERY_MS),
    });
    await site.begin(name, supervised);
  });
}

async function isReady(healthPort: number): Promise<true | undefined> {
  const response = await fetch(`http://127.0.0.1:${healthPort}/readyz`);
  await response.body?.cancel();
  return response.ok ? true : undefined;
}
