import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * The way to a port of this machine. While it is cut nothing arrives, and nobody is told: no connection breaks. What was sent meanwhile
 * arrives once it is mended.
 */
export class Cable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #heldBack: (() => void)[] = [];
  #isCut = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async to(target: number): Promise<Cable> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the cable has no port');
    const cable = new Cable(server, address.port);
    server.on('connection', (near) => cable.#carry(() => cable.#join(near, target)));
    return cable;
  }

  cut(): void {
    this.#isCut = true;
  }

  mend(): void {
    this.#isCut = false;
    for (const arrive of this.#heldBack.splice(0)) arrive();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near: Socket, target: number): void {
    const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#pass(near, far);
    this.#pass(far, near);
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (chunk) => this.#carry(() => to.write(chunk)));
    from.on('end', () => this.#carry(() => to.end()));
    // A reset is seen as the end of both.
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      this.#carry(() => to.destroy());
    });
  }

  #carry(arrive: () => void): void {
    if (this.#isCut) this.#heldBack.push(arrive);
    else arrive();
  }
}
