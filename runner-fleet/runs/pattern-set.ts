const NONE = -1;

/**
 * The automaton of Aho and Corasick (CACM 18, 1975) over bytes: after each byte, its state is the longest end of what was read that some pattern
 * begins with. Made once for a run; it is as large as the patterns together, and reading takes time in proportion to what is read.
 */
export class PatternSet {
  /** The state before the first byte. */
  static readonly START = 0;

  readonly #byte: Uint8Array;
  readonly #child: Int32Array;
  readonly #sibling: Int32Array;
  readonly #fail: Int32Array;
  readonly #depth: Int32Array;
  /** Length of the longest pattern that ends here; 0 where none does. */
  readonly #match: Int32Array;
  readonly #fromRoot = new Int32Array(256);
  #nodes = 1;

  constructor(patterns: readonly Buffer[]) {
    const size = 1 + patterns.reduce((sum, { length }) => sum + length, 0);
    this.#byte = new Uint8Array(size);
    this.#child = new Int32Array(size).fill(NONE);
    this.#sibling = new Int32Array(size).fill(NONE);
    this.#fail = new Int32Array(size);
    this.#depth = new Int32Array(size);
    this.#match = new Int32Array(size);
    for (const pattern of patterns) this.#add(pattern);
    this.#link();
  }

  get isEmpty(): boolean {
    return this.#nodes === 1;
  }

  next(state: number, byte: number): number {
    for (let at = state; at !== PatternSet.START; at = this.#fail[at] ?? PatternSet.START) {
      const child = this.#childOf(at, byte);
      if (child !== NONE) return child;
    }
    return this.#fromRoot[byte] ?? PatternSet.START;
  }

  /** How much of the end of what was read may still become a match, or a longer one. */
  depth(state: number): number {
    let at = state;
    while (at !== PatternSet.START && this.#child[at] === NONE) at = this.#fail[at] ?? PatternSet.START;
    return this.#depth[at] ?? 0;
  }

  matchLength(state: number): number {
    return this.#match[state] ?? 0;
  }

  #add(pattern: Buffer): void {
    let at = PatternSet.START;
    let read = 0;
    for (; read < pattern.length; read += 1) {
      const known = this.#childOf(at, pattern[read] ?? 0);
      if (known === NONE) break;
      at = known;
    }
    for (; read < pattern.length; read += 1) at = this.#grow(at, pattern[read] ?? 0);
    this.#match[at] = pattern.length;
  }

  #grow(parent: number, byte: number): number {
    const node = this.#nodes++;
    this.#byte[node] = byte;
    this.#depth[node] = (this.#depth[parent] ?? 0) + 1;
    this.#sibling[node] = this.#child[parent] ?? NONE;
    this.#child[parent] = node;
    if (parent === PatternSet.START) this.#fromRoot[byte] = node;
    return node;
  }

  #childOf(parent: number, byte: number): number {
    // Where most patterns part.
    if (parent === PatternSet.START) return this.#fromRoot[byte] || NONE;
    let child = this.#child[parent] ?? NONE;
    while (child !== NONE && this.#byte[child] !== byte) child = this.#sibling[child] ?? NONE;
    return child;
  }

  /** Breadth first: a node's fallback is shallower than itself, so it is known before. */
  #link(): void {
    const queue = new Int32Array(this.#nodes);
    let known = 1;
    for (const parent of queue) {
      for (let child = this.#child[parent] ?? NONE; child !== NONE; child = this.#sibling[child] ?? NONE) {
        const fallback =
          parent === PatternSet.START
            ? PatternSet.START
            : this.next(this.#fail[parent] ?? PatternSet.START, this.#byte[child] ?? 0);
        this.#fail[child] = fallback;
        this.#match[child] = Math.max(this.#match[child] ?? 0, this.#match[fallback] ?? 0);
        queue[known++] = child;
      }
    }
  }
}
