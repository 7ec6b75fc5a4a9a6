/** The capsule's own counters. They only grow, and never beyond what the tenant was told they could. */
export class Meters {
  readonly #limits: ReadonlyMap<string, number>;
  readonly #totals = new Map<string, number>();

  constructor(limits: Readonly<Record<string, number>>) {
    this.#limits = new Map(Object.entries(limits));
  }

  /** Adds all or nothing; says why where it refuses. */
  add(amounts: Readonly<Record<string, number>>): string | undefined {
    const sums = Object.entries(amounts).map(
      ([name, amount]) => [name, (this.#totals.get(name) ?? 0) + amount] as const,
    );
    for (const [name, sum] of sums) {
      const limit = this.#limits.get(name);
      if (limit === undefined) return `it reported units of the meter ${JSON.stringify(name)}, which it does not have`;
      if (sum > limit)
        return `it reported ${sum} units of the meter ${JSON.stringify(name)}; at most ${limit} are allowed`;
    }
    for (const [name, sum] of sums) this.#totals.set(name, sum);
    return undefined;
  }

  totals(): Record<string, number> {
    return Object.fromEntries(this.#totals);
  }
}
