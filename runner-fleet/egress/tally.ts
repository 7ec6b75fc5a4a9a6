import { type EgressCounts, type EgressTotals, MAX_EGRESS_TARGETS, NO_COUNTS, sumOfCounts } from '#contracts/egress';

/**
 * What a run's connections come to, target by target. Bounded: what there is no room for is one sum. A capsule may make up any number of names
 * that are refused, so that those never crowd out a target that was reached.
 */
export class EgressTally {
  readonly #reached = new Map<string, EgressCounts>();
  readonly #refused = new Map<string, EgressCounts>();
  readonly #other = { ...NO_COUNTS };

  /** The counts that the connection's bytes are to be added to. */
  connected(target: string): EgressCounts {
    const counts = this.#reached.get(target) ?? this.#promote(target);
    counts.connections += 1;
    return counts;
  }

  refused(target: string): void {
    const known = this.#reached.get(target) ?? this.#refused.get(target);
    const counts = known ?? (this.#refused.size < MAX_EGRESS_TARGETS ? entryIn(this.#refused, target) : this.#other);
    counts.refused += 1;
  }

  /** A name may say a secret, which `mask` takes out of it; names that are the same after that are one target. */
  totals(mask: (target: string) => string): EgressTotals {
    const masked = new Map<string, EgressCounts>();
    for (const [target, counts] of [...this.#reached, ...this.#refused]) {
      const name = mask(target);
      masked.set(name, sumOfCounts(masked.get(name) ?? NO_COUNTS, counts));
    }
    const entries = [...masked].map(([target, counts]) => ({ target, ...counts }));
    const other = entries.slice(MAX_EGRESS_TARGETS).reduce(sumOfCounts, this.#other);
    return {
      targets: entries.slice(0, MAX_EGRESS_TARGETS).toSorted((a, b) => (a.target < b.target ? -1 : 1)),
      ...(other.connections + other.refused > 0 ? { other } : {}),
    };
  }

  #promote(target: string): EgressCounts {
    if (this.#reached.size >= MAX_EGRESS_TARGETS) return this.#other;
    const counts = this.#refused.get(target) ?? { ...NO_COUNTS };
    this.#refused.delete(target);
    this.#reached.set(target, counts);
    return counts;
  }
}

function entryIn(map: Map<string, EgressCounts>, target: string): EgressCounts {
  const counts = { ...NO_COUNTS };
  map.set(target, counts);
  return counts;
}
