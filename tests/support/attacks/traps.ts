import { randomBytes } from 'node:crypto';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';

import { until } from '../until.ts';

/** Where the listeners of a host are found, by whoever shares its network. */
export interface Trap {
  /** An abstract name (unix(7)). */
  readonly socket: string;
  readonly tcpPort: number;
  readonly udpPort: number;
  readonly addresses: readonly string[];
}

/** Listeners on the host, on all of its addresses, that count who comes by. */
export class Traps {
  readonly where: Trap;
  readonly #servers: readonly Server[];
  readonly #datagrams: DatagramSocket;
  #visits = 0;

  private constructor(where: Trap, servers: readonly Server[], datagrams: DatagramSocket) {
    this.where = where;
    this.#servers = servers;
    this.#datagrams = datagrams;
    for (const server of servers) server.on('connection', (visitor) => this.#count(() => visitor.destroy()));
    datagrams.on('message', () => this.#count());
  }

  /** They are there and they count: each is tried out from the host. */
  static async set(): Promise<Traps> {
    const socket = `soma-trap-${randomBytes(6).toString('hex')}`;
    const [named, tcp, udp] = [createServer(), createServer(), createSocket('udp4')];
    named.listen(`\0${socket}`);
    tcp.listen(0);
    udp.bind(0);
    await Promise.all([named, tcp, udp].map((listener) => once(listener, 'listening')));
    const where = { socket, tcpPort: portOf(tcp), udpPort: udp.address().port, addresses: addressesOfHost() };
    const traps = new Traps(where, [named, tcp], udp);
    await traps.#tryOut();
    return traps;
  }

  get visits(): number {
    return this.#visits;
  }

  async close(): Promise<void> {
    this.#datagrams.close();
    await Promise.all(this.#servers.map((server) => new Promise((closed) => server.close(closed))));
  }

  #count(after?: () => void): void {
    this.#visits += 1;
    after?.();
  }

  async #tryOut(): Promise<void> {
    const { socket, tcpPort, udpPort } = this.where;
    await visit({ path: `\0${socket}` });
    await visit({ host: '127.0.0.1', port: tcpPort });
    const visitor = createSocket('udp4');
    visitor.send('x', udpPort, '127.0.0.1', () => visitor.close());
    await until('three visits', () => this.#visits === 3);
    this.#visits = 0;
  }
}

async function visit(target: NetConnectOpts): Promise<void> {
  const visitor = connect(target);
  await once(visitor, 'close');
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  return address.port;
}

function addressesOfHost(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return [...new Set(['::1', '172.17.0.1', ...all.map(({ address }) => address)])];
}
