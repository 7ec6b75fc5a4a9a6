/** What may wait after a push. */
export interface FairQueueLimits {
  readonly total: number;
  readonly perTenant: number;
}

export type Queued<T> =
  /** `displaced` had to make room: it was the last of the tenant that has the most here. */
  { readonly kind: 'queued'; readonly displaced?: T } | { readonly kind: 'refused' };

/**
 * Who waits, in turns of tenants: each gets one turn a round, however many it has waiting. Within a tenant, first come, first served.
 *
 * Invariants: a push leaves no more than `total`, or as many as there were where `total` has become less meanwhile, and no more than `perTenant` of
 * its tenant; nobody is taken out but for one who is let in; between two tenants that both have something waiting that can be served, the turns they
 * got differ by one at most; who would still have fewer waiting than another tenant has is never refused for want of room.
 */
export class FairQueue<T> {
  /** In the order of their next turns. A tenant is here only while it has something waiting. */
  readonly #lines = new Map<string, T[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(tenant: string, item: T, { total, perTenant }: FairQueueLimits): Queued<T> {
    const line = this.#lines.get(tenant) ?? [];
    if (line.length >= perTenant) return { kind: 'refused' };
    const isFull = this.#size >= total;
    const displaced = isFull ? this.#displace(line.length + 1) : [];
    if (isFull && displaced.length === 0) return { kind: 'refused' };
    line.push(item);
    this.#lines.set(tenant, line);
    this.#size++;
    const [first] = displaced;
    return first === undefined ? { kind: 'queued' } : { kind: 'queued', displaced: first };
  }

  /** The next whose turn it is and who can be served; a tenant whose first cannot be keeps its place. */
  shift(canServe: (item: T) => boolean): T | undefined {
    for (const [tenant, line] of this.#lines) {
      const [first] = line;
      if (first === undefined || !canServe(first)) continue;
      line.shift();
      this.#size--;
      this.#lines.delete(tenant);
      if (line.length > 0) this.#lines.set(tenant, line);
      return first;
    }
    return undefined;
  }

  /** @returns false where it does not wait here */
  remove(tenant: string, item: T): boolean {
    const line = this.#lines.get(tenant);
    const index = line?.indexOf(item) ?? -1;
    if (!line || index === -1) return false;
    line.splice(index, 1);
    this.#size--;
    if (line.length === 0) this.#lines.delete(tenant);
    return true;
  }

  clear(): T[] {
    const all = [...this.#lines.values()].flat();
    this.#lines.clear();
    this.#size = 0;
    return all;
  }

  /** Takes out the last of the longest line, where that is longer than a line of `length`. */
  #displace(length: number): T[] {
    const [longest] = [...this.#lines.values()].toSorted((a, b) => b.length - a.length);
    if (!longest || longest.length <= length) return [];
    this.#size--;
    return longest.splice(-1);
  }
}
