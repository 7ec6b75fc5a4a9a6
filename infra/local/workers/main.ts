import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  Miniflare,
  type V4WorkerOptions,
  V4WorkerOptionsSchema,
} from 'miniflare';
import { z } from 'zod';

const CRON_INTERVAL_MS = 60_000;
const CRON_TIMEOUT_MS = 55_000;

/**
 * What a Worker is called with takes memory that V8 does not see, and that goes when V8 collects. Miniflare's own Workers (queues, rate limits,
 * the way out) allocate next to nothing else, so that V8 would let them grow by hundreds of megabytes before it looks. In production an
 * isolate has a limit; here each is made to look early.
 */
const V8_FLAGS = '--initial-old-space-size=2 --min-semi-space-size=1 --max-semi-space-size=1';

/** What the supervisor sends first, over the IPC channel: it holds secrets, which stand in no argument list. */
const WorkerStart = z.object({
  port: z.int(),
  persistTo: z.string(),
  temporary: z.string(),
  worker: z.custom<V4WorkerOptions>((value) => V4WorkerOptionsSchema.safeParse(value).success),
});
export type WorkerStart = z.infer<typeof WorkerStart>;

/** One Worker in a workerd of its own. Miniflare starts workerd again when it dies, on the same ports. */
async function run({ port, persistTo, temporary, worker }: WorkerStart): Promise<void> {
  process.env['MINIFLARE_WORKERD_V8_FLAGS'] = V8_FLAGS;
  const crons = worker.cronTriggers ?? [];
  const miniflare: Miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port,
      log: new Log(LogLevel.WARN),
      cf: { colo: 'LOC', country: 'XX' },
      unsafeTriggerHandlers: true,
      resourcePersistencePath: persistTo,
      resourceTmpPath: temporary,
      telemetry: { enabled: false },
      unsafeHandleRuntimeRestart: async () => fireAll(await miniflare.ready, crons),
      workers: [worker],
    }),
  );
  const entry = await miniflare.ready;
  // The supervisor has gone: nobody would ever stop this process.
  process.once('disconnect', () => process.exit(0));
  process.send?.({ kind: 'ready' });

  // workerd fires no cron by itself. The first one at once: what a crash interrupted is swept now, not in a minute.
  fireAll(entry, crons);
  fireEveryMinute(entry, crons);
}

/** On the minute, as in production: what is due then is found then. */
function fireEveryMinute(entry: URL, crons: readonly string[]): void {
  setTimeout(
    () => {
      fireEveryMinute(entry, crons);
      fireAll(entry, crons);
    },
    CRON_INTERVAL_MS - (Date.now() % CRON_INTERVAL_MS),
  );
}

function fireAll(entry: URL, crons: readonly string[]): void {
  for (const cron of crons) void fire(entry, cron);
}

async function fire(entry: URL, cron: string): Promise<void> {
  const url = new URL('/cdn-cgi/local/scheduled', entry);
  url.searchParams.set('cron', cron);
  url.searchParams.set('time', String(Date.now()));
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(CRON_TIMEOUT_MS) });
    if (!response.ok) console.error(`cron ${cron}: ${await response.text()}`);
  } catch (error) {
    // The next one comes in a minute; workerd may be on its way up again.
    console.error(`cron ${cron}: ${String(error)}`);
  }
}

process.once('message', (message) => void run(WorkerStart.parse(message)));
