import type { IsolationClass } from '#contracts/isolation';

/** A boot that takes this long is as bad as one that failed, long before its own limit says so. */
const OVERDUE_BOOT_MS = 8_000;
/** Until a boot was measured, and how much one measurement counts. */
const FIRST_BOOT_MS = 250;
const BOOT_WEIGHT = 0.2;

interface Boot {
  readonly isolation: IsolationClass;
  readonly begunAt: number;
}

/** How boots went of late, by isolation class: each has a runtime of its own, which may fail or hang while the other works. */
export class BootRecord {
  readonly #underWay = new Set<Boot>();
  readonly #failing = new Set<IsolationClass>();
  readonly #meanMs = new Map<IsolationClass, number>();

  /**
   * Whether one more of the class may boot: `most` at a time of all classes together, and one of each whatever the others do. Boots that
   * are overdue hold up their own class, and no other.
   */
  mayBegin(isolation: IsolationClass, most: number): boolean {
    if (this.isOverdue(isolation)) return false;
    const inTime = [...this.#underWay].filter((boot) => !isOverdue(boot));
    return inTime.length < most || !this.isUnderWay(isolation);
  }

  isUnderWay(isolation: IsolationClass): boolean {
    return [...this.#underWay].some((boot) => boot.isolation === isolation);
  }

  begin(isolation: IsolationClass): Boot {
    const boot = { isolation, begunAt: performance.now() };
    this.#underWay.add(boot);
    return boot;
  }

  succeeded(boot: Boot): void {
    this.#underWay.delete(boot);
    this.#failing.delete(boot.isolation);
    const meanMs = this.meanMs(boot.isolation);
    this.#meanMs.set(boot.isolation, meanMs + BOOT_WEIGHT * (performance.now() - boot.begunAt - meanMs));
  }

  failed(boot: Boot): void {
    this.#underWay.delete(boot);
    this.#failing.add(boot.isolation);
  }

  meanMs(isolation: IsolationClass): number {
    return this.#meanMs.get(isolation) ?? FIRST_BOOT_MS;
  }

  /** The mean of the class that takes longest. */
  get slowestMeanMs(): number {
    return Math.max(...(this.#meanMs.size === 0 ? [FIRST_BOOT_MS] : this.#meanMs.values()));
  }

  /** The last boot of the class failed, and none has come up since. */
  hasFailed(isolation: IsolationClass): boolean {
    return this.#failing.has(isolation);
  }

  isOverdue(isolation: IsolationClass): boolean {
    return [...this.#underWay].some((boot) => boot.isolation === isolation && isOverdue(boot));
  }
}

function isOverdue({ begunAt }: Boot): boolean {
  return begunAt < performance.now() - OVERDUE_BOOT_MS;
}
