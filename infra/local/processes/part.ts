/** What a platform keeps alive and a test can kill: a process, or one Worker of those that a process holds. */
export interface Part {
  readonly name: string;
  readonly pid: number | undefined;
  /** Hears of each life that began unasked, because the one before it had ended. */
  onRestart: (() => void) | undefined;
  start(): Promise<void>;
  /** Ends it in order; it stays down until `start`. */
  stop(): Promise<void>;
  /** Ends it at one instant, as a crash would; supervision brings it back. */
  kill(): Promise<void>;
  /** Kills it and keeps it down until `start`. */
  hold(): Promise<void>;
  /** For `process.on('exit')`, where nothing can be waited for. */
  killNow(): void;
}
