/** Regular expressions of ECMAScript with the flag `u`, as far as it takes to judge how often they can match one text. */
export type Node =
  | { readonly kind: 'atom'; readonly source: string }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly body: Node; readonly min: number; readonly max: number }
  /** Looks without taking; matches on its own. */
  | { readonly kind: 'look'; readonly body: Node };

/** What the pattern uses and no judgement is made of. */
export class UnsupportedPattern extends Error {}

const NOTHING: Node = { kind: 'sequence', parts: [] };

const TOKEN =
  /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|k<[^>]*>|[\s\S])|\[(?:\\[\s\S]|[^\]\\])*\]|\(\?(?:<?[=!]|<[^>]*>|[a-z]*(?:-[a-z]*)?:)|\{\d+(?:,\d*)?\}\??|[*+?]\??|[\s\S]/gu;

const MANY_EMPTY = 'the pattern can match nothing in many ways, which can take exponential time; expected one way';

/** Reads a pattern that is known to be valid. @throws UnsupportedPattern */
export function parsePattern(pattern: string): Node {
  const tokens = pattern.match(TOKEN) ?? [];
  let at = 0;

  const choice = (): Node => {
    const options = [sequence()];
    while (tokens[at] === '|') {
      at += 1;
      options.push(sequence());
    }
    if (options.filter(isNullable).length > 1) throw new UnsupportedPattern(MANY_EMPTY);
    return options.length === 1 ? (options[0] ?? NOTHING) : { kind: 'choice', options };
  };
  const sequence = (): Node => {
    const parts: Node[] = [];
    for (let token = tokens[at]; token !== undefined && token !== '|' && token !== ')'; token = tokens[at]) {
      at += 1;
      const body = token.startsWith('(') ? group(token) : leaf(token);
      const count = countOf(tokens[at]);
      if (count) at += 1;
      // The engine goes on from a required turn that matched nothing, and may come back to it; from an optional one it does not.
      if (count && count.min > 1 && isNullable(body)) throw new UnsupportedPattern(MANY_EMPTY);
      parts.push(count ? { kind: 'repeat', body, ...count } : body);
    }
    return { kind: 'sequence', parts };
  };
  const group = (opening: string): Node => {
    if (/^\(\?[a-z-]+:/.test(opening))
      throw new UnsupportedPattern('modifiers are not supported; expected a pattern without');
    const body = choice();
    at += 1;
    return /^\(\?<?[=!]$/.test(opening) ? { kind: 'look', body } : body;
  };
  return choice();
}

function isNullable(node: Node): boolean {
  switch (node.kind) {
    case 'atom':
      return false;
    case 'sequence':
      return node.parts.every(isNullable);
    case 'choice':
      return node.options.some(isNullable);
    case 'repeat':
      return node.min === 0 || isNullable(node.body);
    default:
      return true;
  }
}

function leaf(token: string): Node {
  if (token === '^' || token === '$' || token === '\\b' || token === '\\B') return NOTHING;
  if (/^\\(?:[1-9]|k<)/.test(token)) {
    throw new UnsupportedPattern('back-references can take exponential time; expected a pattern without');
  }
  return { kind: 'atom', source: token };
}

function countOf(token: string | undefined): { min: number; max: number } | undefined {
  if (token === undefined) return undefined;
  if (token.startsWith('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
  if (token.startsWith('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
  if (token.startsWith('?')) return { min: 0, max: 1 };
  const counted = /^\{(\d+)(,?)(\d*)\}/.exec(token);
  if (!counted) return undefined;
  const min = Number(counted[1]);
  if (!counted[2]) return { min, max: min };
  return { min, max: counted[3] ? Number(counted[3]) : Number.POSITIVE_INFINITY };
}
