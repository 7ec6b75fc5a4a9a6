import { once } from 'node:events';
import type { Server } from 'node:http';

import { cellSpiffeId, type IdentitySource, runnerSpiffeId } from '#contracts/identity';
import { signReceipt } from '#contracts/verify-receipt';

import packageManifest from '../package.json' with { type: 'json' };
import { type Config, parseConfig } from './config.ts';
import { createHealthServer } from './door/health-server.ts';
import { Heartbeats } from './heartbeat.ts';
import { MtlsAgent } from './identity/client-tls.ts';
import { fileIdentitySource } from './identity/file-source.ts';
import { isOwnValidNow } from './identity/peer.ts';
import { createMtlsServer } from './identity/server-tls.ts';
import { log, reasonOf } from './log.ts';
import { Runner } from './runner.ts';
import type { Sealer } from './runs/seal.ts';

/** Longer than the cell keeps an idle connection, so that it is never this end that closes one in use. */
const KEEP_ALIVE_MS = 75_000;
/** For readers to take the last frames before the process goes; what they miss is in the spool. */
const LAST_FRAMES_MS = 2_000;

// Files of capsules are read by the sandbox's user.
process.umask(0o022);
const config = parseConfig(process.env);
const identity = await fileIdentitySource(config.identityDirectory);
assertOwnIdentity(config, identity);

const runner = new Runner(config, sealerOf(config, identity), () => isOwnValidNow(identity.current()));
await runner.start();

const server = createMtlsServer({
  identity,
  onRequest: (request, response, peerId) => void runner.door.handle(request, response, peerId),
  onRefusedPeer: (reason) => log('warn', 'a peer was refused', { reason }),
});
server.keepAliveTimeout = KEEP_ALIVE_MS;
const port = await listen(server, config.port);
const healthServer = config.healthPort === undefined ? undefined : await serveHealth(config.healthPort);

const agent = new MtlsAgent({ identity, isExpected: (id) => id === cellSpiffeId(config.trustDomain, config.cell) });
const heartbeats = new Heartbeats({
  cellDoor: config.cellDoor,
  agent,
  lease: runner.lease,
  compose: () => runner.heartbeat(config.endpoint ?? `https://127.0.0.1:${port}`, packageManifest.version),
  onHeard: () => runner.becomeKnown(),
});
heartbeats.start();
log('info', 'listening', { cell: config.cell, runner: config.runnerName, port });
process.send?.({ kind: 'ready', port });

let isStopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    // Asked twice: the sandboxes end by themselves when this process does.
    if (isStopping) process.exit(1);
    isStopping = true;
    void stop();
  });
}

async function stop(): Promise<void> {
  log('info', 'draining');
  const drained = runner.drain();
  // The cell places nothing here from now on; also with an engine that does not answer, the rest goes on.
  await heartbeats.beat();
  await drained.catch((error: unknown) => log('error', 'could not drain', { reason: reasonOf(error) }));
  heartbeats.stop();
  runner.lease.close();
  healthServer?.close();
  const closed = once(server, 'close');
  server.close();
  setTimeout(() => server.closeAllConnections(), LAST_FRAMES_MS).unref();
  server.closeIdleConnections();
  await closed;
  agent.destroy();
  identity.close();
  log('info', 'stopped');
  process.exit(0);
}

function assertOwnIdentity({ trustDomain, cell, runnerName }: Config, source: IdentitySource): void {
  const expected = runnerSpiffeId(trustDomain, cell, runnerName);
  const { spiffeId } = source.current();
  if (spiffeId !== expected) throw new Error(`the identity is ${spiffeId}; this runner is ${expected}`);
}

function sealerOf({ runnerId }: Config, source: IdentitySource): Sealer {
  return {
    runnerId,
    get spiffeId() {
      return source.current().spiffeId;
    },
    sign: (claims) => signReceipt(source.current(), claims),
    onUnsigned: (error) => log('error', 'a receipt could not be signed', { reason: reasonOf(error) }),
  };
}

async function listen(listening: Server | ReturnType<typeof createMtlsServer>, wanted: number): Promise<number> {
  listening.listen(wanted, config.host);
  await once(listening, 'listening');
  // Unheard, one connection that could not be taken would end the process.
  listening.on('error', (error) => logFault('a connection was not taken', error));
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

async function serveHealth(healthPort: number): Promise<Server> {
  const health = createHealthServer(runner.health, logFault);
  await listen(health, healthPort);
  return health;
}

function logFault(what: string, error: unknown): void {
  log('error', what, { reason: reasonOf(error) });
}
