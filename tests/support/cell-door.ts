import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { URL } from 'node:url';

import type { Cell } from '#contracts/cells';
import { cellSpiffeId } from '#contracts/identity';
import { startDevelopmentCa } from '#local/identity/ca';
import { startMtlsDoor } from '#local/identity/mtls-door';
import { MtlsAgent } from '#runner/identity/client-tls';
import { fileIdentitySource } from '#runner/identity/file-source';

import { TRUST_DOMAIN } from './edge-view.ts';
import type { Edge } from './edge.ts';
import type { Answer, Asking } from './people.ts';

/** In front of one cell of an edge, the door at which certificates are shown, and whoever has one. */
export class CellDoor {
  readonly #url: string;
  readonly #agents: ReadonlyMap<string, MtlsAgent>;
  readonly #closers: readonly (() => unknown)[];

  private constructor(url: string, agents: ReadonlyMap<string, MtlsAgent>, closers: readonly (() => unknown)[]) {
    this.#url = url;
    this.#agents = agents;
    this.#closers = closers;
  }

  /** Starts the cell's Worker again, which then trusts the authority that certifies `spiffeIds`. */
  static async open(edge: Edge, cell: Cell, spiffeIds: readonly string[]): Promise<CellDoor> {
    const folder = await mkdtemp(join(tmpdir(), 'soma-door-'));
    const ca = await startDevelopmentCa({
      dataDir: join(folder, 'ca'),
      trustDomain: TRUST_DOMAIN,
      svidTtlMs: 3_600_000,
    });
    await edge.restart(cell, { TRUST_BUNDLE: ca.trustBundlePem() });
    const issue = async (name: string, spiffeId: string) => {
      const directory = join(folder, name);
      await ca.issue({ spiffeId, dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'], directory });
      return directory;
    };
    const self = cellSpiffeId(TRUST_DOMAIN, cell);
    const target = { host: '127.0.0.1', port: Number(new URL(edge.cellUrls[cell]).port) };
    const door = await startMtlsDoor({ port: 0, target, identityDirectory: await issue('cell', self) });
    const closers: (() => unknown)[] = [
      () => door.close(),
      () => ca.close(),
      () => rm(folder, { recursive: true, force: true }),
    ];
    const agents = new Map<string, MtlsAgent>();
    for (const [index, spiffeId] of spiffeIds.entries()) {
      const identity = await fileIdentitySource(await issue(`peer-${index}`, spiffeId));
      const agent = new MtlsAgent({ identity, isExpected: (id) => id === self });
      agents.set(spiffeId, agent);
      closers.unshift(
        () => agent.destroy(),
        () => identity.close(),
      );
    }
    return new CellDoor(`https://127.0.0.1:${door.port}`, agents, closers);
  }

  /** As somebody who shows the certificate of `spiffeId`. */
  async ask(path: string, { method = 'GET', json }: Asking, spiffeId: string): Promise<Answer> {
    const agent = this.#agents.get(spiffeId);
    if (!agent) throw new Error(`nobody is ${spiffeId}`);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const outgoing = request(new URL(path, this.#url), {
      method,
      agent,
      headers: { 'content-type': 'application/json' },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      const headers = new Headers(
        Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]),
      );
      const answered = (body: string) =>
        resolve({ status: response.statusCode ?? 0, headers, body: body === '' ? '' : JSON.parse(body) });
      void text(response).then(answered, reject);
    });
    outgoing.end(JSON.stringify(json));
    return promise;
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}
