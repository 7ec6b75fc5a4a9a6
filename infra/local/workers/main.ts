import { HostCommand, type WorkerStart } from './commands.ts';
import type { HostEvent } from './events.ts';
import { HeldWorker } from './held-worker.ts';

/**
 * What a Worker is called with takes memory that V8 does not see, and that goes when V8 collects. Miniflare's own Workers (queues, rate limits,
 * the way out) allocate next to nothing else, so that V8 would let them grow by hundreds of megabytes before it looks. In production an
 * isolate has a limit; here each is made to look early.
 */
const V8_FLAGS = '--initial-old-space-size=2 --min-semi-space-size=1 --max-semi-space-size=1';

/** By name; one that is on its way up is here already. */
const held = new Map<string, Promise<HeldWorker | undefined>>();

function obey(command: HostCommand): void {
  switch (command.kind) {
    case 'begin':
      say({ kind: 'ready' });
      for (const start of command.workers) hold(start);
      return;
    case 'start':
      return hold(command.start);
    case 'stop':
      void release(command.name);
  }
}

function hold(start: WorkerStart): void {
  const { name } = start;
  // Whoever asks while a life begins is heard twice.
  if (held.has(name)) return;
  const starting = HeldWorker.start(start, (pid) => say({ kind: 'started', name, pid })).catch((error: unknown) => {
    held.delete(name);
    say({ kind: 'failed', name, reason: error instanceof Error ? error.message : String(error) });
    return undefined;
  });
  held.set(name, starting);
}

async function release(name: string): Promise<void> {
  const worker = await held.get(name);
  await worker?.stop();
  held.delete(name);
  say({ kind: 'stopped', name });
}

function say(event: HostEvent): void {
  process.send?.(event);
}

process.env['MINIFLARE_WORKERD_V8_FLAGS'] = V8_FLAGS;
// The supervisor has gone: nobody would ever stop this process.
process.once('disconnect', () => process.exit(0));
process.on('message', (message) => obey(HostCommand.parse(message)));
