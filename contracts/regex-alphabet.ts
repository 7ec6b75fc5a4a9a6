/**
 * The characters that a pattern can tell apart, one of each kind. What an atom matches is then a set of kinds, as bits;
 * two atoms have a character in common where their sets meet.
 */
export interface Alphabet {
  /** The kinds that each atom matches. */
  readonly kindsOf: readonly bigint[];
  /** One bit for each kind that any atom matches. */
  readonly kinds: readonly bigint[];
}

export function alphabetOf(atoms: readonly string[], pattern: string): Alphabet {
  const samples = samplesFor(pattern);
  const distinct = [...new Set(atoms)];
  const expressions = distinct.map((source) => new RegExp(`^${source}$`, 'u'));
  // Samples that the same atoms match are of one kind.
  const kindOf = new Map<string, bigint>();
  const matched = distinct.map(() => 0n);
  for (const sample of samples) {
    const hits = expressions.map((expression) => expression.test(sample));
    if (!hits.includes(true)) continue;
    const signature = hits.map(Number).join('');
    const kind = kindOf.get(signature) ?? 1n << BigInt(kindOf.size);
    kindOf.set(signature, kind);
    for (const [index, isHit] of hits.entries()) if (isHit) matched[index] = (matched[index] ?? 0n) | kind;
  }
  const known = new Map(distinct.map((source, index) => [source, matched[index] ?? 0n]));
  return { kindsOf: atoms.map((source) => known.get(source) ?? 0n), kinds: [...kindOf.values()] };
}

const SCRIPTS = 'éßñΩяאا٣中あ한😀\u00a0\u2028\ufeff\u0301';

/** ASCII, one of each of the larger scripts, and every character the pattern names, with its neighbours. */
function samplesFor(pattern: string): string[] {
  const named = Array.from(pattern + SCRIPTS, (char) => char.codePointAt(0) ?? 0);
  for (const [, braced, plain] of pattern.matchAll(/\\(?:u\{([0-9a-fA-F]+)\}|[ux]([0-9a-fA-F]{2,4}))/g)) {
    named.push(Number.parseInt(braced ?? plain ?? '0', 16));
  }
  const near = named.flatMap((code) => [code - 1, code, code + 1]);
  const codes = new Set([...Array.from({ length: 128 }, (_, code) => code), ...near]);
  return [...codes].filter((code) => code >= 0 && code <= 0x10ffff).map((code) => String.fromCodePoint(code));
}
