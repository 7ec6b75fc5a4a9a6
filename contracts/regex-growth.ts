import type { Alphabet } from './regex-alphabet.ts';
import type { Automaton } from './regex-automaton.ts';

/**
 * How many ways through a pattern a text can open up: what a backtracking engine may have to try before it gives up.
 * Texts are found greedily, by the kind of character that opens up most, and by repeating each kind; that is a search
 * and not a proof, but what it misses is polynomial and of a low degree in all but contrived cases.
 */
const TEXT_CHARS = 40;
const MAX_WORK = 10_000_000;

/** Undefined where the pattern is too large to tell. */
export function mostWays({ steps }: Automaton, { kindsOf, kinds }: Alphabet): number | undefined {
  const edges = steps.flatMap((targets, from) => [...targets].map(([to, ways]) => ({ from, to, ways })));
  if (edges.length * kinds.length * TEXT_CHARS * 2 > MAX_WORK) return undefined;

  const advance = (ways: Float64Array, kind: bigint): Float64Array => {
    const next = new Float64Array(ways.length);
    for (const edge of edges) {
      if (((kindsOf[edge.to] ?? 0n) & kind) === 0n) continue;
      next[edge.to] = (next[edge.to] ?? 0) + (ways[edge.from] ?? 0) * edge.ways;
    }
    return next;
  };
  const longest = (choose: (ways: Float64Array) => Float64Array): number => {
    let ways: Float64Array = new Float64Array(steps.length).fill(1);
    let most = 0;
    for (let length = 0; length < TEXT_CHARS; length += 1) {
      ways = choose(ways);
      most = Math.max(most, total(ways));
    }
    return most;
  };

  const greedy = longest((ways) =>
    kinds
      .map((kind) => advance(ways, kind))
      .reduce((best, other) => (total(other) > total(best) ? other : best), new Float64Array(steps.length)),
  );
  const repeating = kinds.map((kind) => longest((ways) => advance(ways, kind)));
  return Math.max(greedy, ...repeating) / Math.max(steps.length, 1);
}

/** Ways that a text of this length opens up for each atom where they grow with its square. */
export const SQUARE_WAYS = TEXT_CHARS ** 2;

function total(ways: Float64Array): number {
  return ways.reduce((sum, each) => sum + each, 0);
}
