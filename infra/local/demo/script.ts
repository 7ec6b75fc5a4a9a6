/** A story told step by step: each is done and checked before the next begins, and says how long it took. */
export class Script {
  private readonly out: { write(text: string): unknown };
  private checked = 0;

  constructor(out: { write(text: string): unknown }) {
    this.out = out;
  }

  get steps(): number {
    return this.checked;
  }

  chapter(title: string): void {
    this.out.write(`\n${title}\n`);
  }

  /** @throws whatever `work` throws: the story ends there */
  async step<T>(what: string, work: () => Promise<T>): Promise<T> {
    const beganAt = performance.now();
    try {
      const result = await work();
      this.checked += 1;
      this.out.write(`  ✓ ${what} (${Math.round(performance.now() - beganAt)} ms)\n`);
      return result;
    } catch (error) {
      this.out.write(`  ✗ ${what} (${Math.round(performance.now() - beganAt)} ms)\n`);
      throw error;
    }
  }

  /** What a command says while it runs, set off from the steps. */
  aside(text: string): void {
    for (const line of text.split('\n').filter(Boolean)) this.out.write(`      ${line}\n`);
  }
}

export function check(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

const POLL_MS = 50;

/** Asks until `read` gives something, or `withinMs` have passed. */
export async function until<T>(what: string, withinMs: number, read: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
