import type { Node } from './regex-syntax.ts';

/**
 * The position automaton of a pattern (Glushkov 1961): a state for each atom, a step from each to those that can match next.
 * `ways` counts in how many ways a step can be taken: `(a*)*` comes from `a` to `a` through either star.
 */
export interface Automaton {
  /** The atom of each state, as source text. */
  readonly atoms: readonly string[];
  readonly steps: readonly ReadonlyMap<number, number>[];
}

interface Part {
  readonly isNullable: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

/** Counted repeats are written out up to this many atoms, and else taken for unbounded ones. */
const MAX_COPIED_ATOMS = 64;
const EMPTY: Part = { isNullable: true, first: [], last: [] };

function optional(part: Part): Part {
  return { ...part, isNullable: true };
}

export function automatonOf(root: Node): Automaton {
  const atoms: string[] = [];
  const steps: Map<number, number>[] = [];

  const link = (from: readonly number[], to: readonly number[]): void => {
    for (const source of from) {
      for (const target of to) steps[source]?.set(target, (steps[source].get(target) ?? 0) + 1);
    }
  };
  const follow = (left: Part, right: Part): Part => {
    link(left.last, right.first);
    return {
      isNullable: left.isNullable && right.isNullable,
      first: left.isNullable ? [...left.first, ...right.first] : left.first,
      last: right.isNullable ? [...left.last, ...right.last] : right.last,
    };
  };
  const loop = (part: Part): Part => {
    link(part.last, part.first);
    return part;
  };

  const repeat = (body: Node, min: number, max: number): Part => {
    const size = atomsIn(body);
    const isWrittenOut = (Number.isFinite(max) ? max : min) * size <= MAX_COPIED_ATOMS;
    if (!isWrittenOut) return min === 0 ? optional(loop(build(body))) : loop(build(body));
    let tail = EMPTY;
    if (Number.isFinite(max)) {
      for (let copy = min; copy < max; copy += 1) tail = optional(follow(build(body), tail));
    } else {
      tail = min === 0 ? optional(loop(build(body))) : loop(build(body));
    }
    const fixed = Number.isFinite(max) ? min : Math.max(min - 1, 0);
    for (let copy = 0; copy < fixed; copy += 1) tail = follow(build(body), tail);
    return tail;
  };
  const build = (node: Node): Part => {
    switch (node.kind) {
      case 'atom': {
        const state = atoms.push(node.source) - 1;
        steps.push(new Map());
        return { isNullable: false, first: [state], last: [state] };
      }
      case 'sequence':
        return node.parts.map(build).reduce(follow, EMPTY);
      case 'choice':
        return node.options.map(build).reduce((one, other) => ({
          isNullable: one.isNullable || other.isNullable,
          first: [...one.first, ...other.first],
          last: [...one.last, ...other.last],
        }));
      case 'repeat':
        return repeat(node.body, node.min, node.max);
      default:
        build(node.body);
        return EMPTY;
    }
  };
  build(root);
  return { atoms, steps };
}

function atomsIn(node: Node): number {
  switch (node.kind) {
    case 'atom':
      return 1;
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + atomsIn(part), 0);
    case 'choice':
      return node.options.reduce((sum, option) => sum + atomsIn(option), 0);
    case 'repeat':
      return atomsIn(node.body) * (Number.isFinite(node.max) ? Math.max(node.max, 1) : Math.max(node.min, 1));
    default:
      return atomsIn(node.body);
  }
}
