const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 55_000;

/** workerd fires no cron by itself. */
export class Crons {
  readonly #entry: URL;
  readonly #crons: readonly string[];
  #timer: NodeJS.Timeout | undefined;

  constructor(entry: URL, crons: readonly string[]) {
    this.#entry = entry;
    this.#crons = crons;
  }

  /** The first one at once: what a crash interrupted is swept now, not in a minute. */
  start(): void {
    this.fireAll();
    this.#fireOnTheMinute();
  }

  fireAll(): void {
    for (const cron of this.#crons) void this.#fire(cron);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** As in production: what is due then is found then. */
  #fireOnTheMinute(): void {
    this.#timer = setTimeout(
      () => {
        this.#fireOnTheMinute();
        this.fireAll();
      },
      INTERVAL_MS - (Date.now() % INTERVAL_MS),
    );
  }

  async #fire(cron: string): Promise<void> {
    const url = new URL('/cdn-cgi/local/scheduled', this.#entry);
    url.searchParams.set('cron', cron);
    url.searchParams.set('time', String(Date.now()));
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!response.ok) console.error(`cron ${cron}: ${await response.text()}`);
    } catch (error) {
      // The next one comes in a minute; workerd may be on its way up again.
      console.error(`cron ${cron}: ${String(error)}`);
    }
  }
}
