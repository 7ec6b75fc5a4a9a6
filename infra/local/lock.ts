import { createHash } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';

/**
 * One platform a data directory. The lock is an abstract Unix socket (unix(7)): the kernel gives it to one process, and
 * takes it back however that process ends, so it is never stale.
 */
export interface DirectoryLock {
  release(): Promise<void>;
}

/** The lock, or nothing where another process holds it. */
export function lockDirectory(directory: string): Promise<DirectoryLock | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(addressOf(directory), () => {
      // The lock alone keeps no process running.
      server.unref();
      resolve({ release: () => close(server) });
    });
  });
}

export function isLocked(directory: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(addressOf(directory));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function addressOf(directory: string): string {
  return `\0soma-local-${createHash('sha256').update(directory).digest('hex').slice(0, 32)}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
