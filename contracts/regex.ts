import { type Alphabet, alphabetOf } from './regex-alphabet.ts';
import { type Automaton, automatonOf } from './regex-automaton.ts';
import { mostWays, SQUARE_WAYS } from './regex-growth.ts';
import { parsePattern, UnsupportedPattern } from './regex-syntax.ts';

/**
 * Which regular expressions a publisher may use. JavaScript's engine backtracks: where a pattern can match a text in
 * exponentially many ways, such as `(a+)+`, some dozen characters keep it busy for years. It can exactly where its
 * automaton leads from some state back to it in two ways by one text (Weber and Seidl 1991, EDA).
 */
const MAX_LENGTH = 500;
/** Steps of the judgement itself. */
const MAX_STEPS = 300_000;

const TOO_COMPLEX = 'the pattern is too complex to be judged; expected a simpler one';
const EXPONENTIAL =
  'the pattern can take exponential time: its parts can match one text in too many ways; expected one where they cannot, such as ^[a-z]+(-[a-z]+)*$';

/** What keeps a publisher's regular expression from being usable, if anything does. */
export function patternFault(pattern: string): string | undefined {
  if (pattern.length > MAX_LENGTH)
    return `the pattern has ${pattern.length} characters; expected at most ${MAX_LENGTH}`;
  try {
    void new RegExp(pattern, 'u');
  } catch (error) {
    return `not a regular expression: ${error instanceof Error ? error.message : String(error)}`;
  }
  try {
    const automaton = automatonOf(parsePattern(pattern));
    const alphabet = alphabetOf(automaton.atoms, pattern);
    return ambiguityOf(automaton, alphabet) ?? growthFault(automaton, alphabet);
  } catch (error) {
    if (error instanceof UnsupportedPattern) return error.message;
    throw error;
  }
}

function growthFault(automaton: Automaton, alphabet: Alphabet): string | undefined {
  const ways = mostWays(automaton, alphabet);
  if (ways === undefined) return TOO_COMPLEX;
  return ways > SQUARE_WAYS ? EXPONENTIAL : undefined;
}

function ambiguityOf({ atoms, steps }: Automaton, { kindsOf }: Alphabet): string | undefined {
  const next = steps.map((targets) => [...targets.keys()]);
  const previous = reversed(next);
  const budget = { steps: MAX_STEPS };
  const judged = new Set<number>();
  const overlaps = (one: number, other: number) => ((kindsOf[one] ?? 0n) & (kindsOf[other] ?? 0n)) !== 0n;
  for (const state of atoms.keys()) {
    if (judged.has(state)) continue;
    const loop = common(closure(state, next, budget), closure(state, previous, budget));
    for (const member of loop) judged.add(member);
    if (budget.steps < 0) return TOO_COMPLEX;
    for (const from of loop) {
      for (const [to, ways] of steps[from] ?? []) if (ways > 1 && loop.has(to)) return EXPONENTIAL;
    }
    // All pairs (s, s) of one loop reach each other, so one of them stands for all.
    const pairsOf = (edges: readonly (readonly number[])[]) =>
      pairClosure(state, { edges, loop, overlaps, size: atoms.length, budget });
    const returning = common(pairsOf(next), pairsOf(previous));
    if (budget.steps < 0) return TOO_COMPLEX;
    if ([...returning].some((pair) => Math.floor(pair / atoms.length) !== pair % atoms.length)) return EXPONENTIAL;
  }
  return undefined;
}

interface Budget {
  steps: number;
}

/** States that lie one step or more behind `start`. */
function closure(start: number, edges: readonly (readonly number[])[], budget: Budget): Set<number> {
  const found = new Set<number>();
  const pending = [start];
  for (let state = pending.pop(); state !== undefined && budget.steps >= 0; state = pending.pop()) {
    for (const target of edges[state] ?? []) {
      budget.steps -= 1;
      if (found.has(target)) continue;
      found.add(target);
      pending.push(target);
    }
  }
  return found;
}

interface PairSearch {
  readonly edges: readonly (readonly number[])[];
  readonly loop: ReadonlySet<number>;
  readonly overlaps: (one: number, other: number) => boolean;
  readonly size: number;
  readonly budget: Budget;
}

/** Pairs of states, as `one * size + other`, to which one text leads from `(start, start)` without leaving the loop. */
function pairClosure(start: number, { edges, loop, overlaps, size, budget }: PairSearch): Set<number> {
  const found = new Set<number>();
  const pending: [number, number][] = loop.has(start) ? [[start, start]] : [];
  for (let pair = pending.pop(); pair !== undefined && budget.steps >= 0; pair = pending.pop()) {
    for (const one of edges[pair[0]] ?? []) {
      if (!loop.has(one)) continue;
      for (const other of edges[pair[1]] ?? []) {
        budget.steps -= 1;
        if (!loop.has(other) || found.has(one * size + other) || !overlaps(one, other)) continue;
        found.add(one * size + other);
        pending.push([one, other]);
      }
    }
  }
  return found;
}

function common(one: ReadonlySet<number>, other: ReadonlySet<number>): Set<number> {
  return new Set([...one].filter((member) => other.has(member)));
}

function reversed(edges: readonly (readonly number[])[]): number[][] {
  const result: number[][] = edges.map(() => []);
  for (const [from, targets] of edges.entries()) for (const to of targets) result[to]?.push(from);
  return result;
}
