/** What the runtime hands to a Node handler: `export default async (input, soma) => output`. */
export interface Soma {
  progress(fraction: number, message?: string): void;
  event(name: string, data: unknown): void;
  /** Adds to one of the meters the manifest prices. */
  usage(name: string, amount: number): void;
  secret(name: string): string | undefined;
  artifact(name: string, bytes: Uint8Array): void;
}

export type Handler<Input, Output> = (input: Input, soma: Soma) => Promise<Output>;
