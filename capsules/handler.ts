/** What the runtime hands to a Node handler: `export default async (input, soma) => output`. */
export interface Soma {
  progress(fraction: number, message?: string): void;
  event(name: string, data: unknown): void;
  /** Adds to one of the meters the manifest prices. */
  usage(name: string, amount: number): void;
  secret(name: string): string | undefined;
  /** Leaves a file behind; `name` is a path below /out. */
  artifact(name: string, content: Uint8Array | string): void;
  dataset(name: string): { push(...rows: readonly unknown[]): void };
  /** Keys and values of the installation; what a run changes holds once it has succeeded. */
  readonly state: {
    get(key: string): unknown;
    set(key: string, value: unknown): void;
    delete(key: string): void;
    list(prefix?: string): string[];
  };
}

export type Handler<Input, Output> = (input: Input, soma: Soma) => Promise<Output>;
