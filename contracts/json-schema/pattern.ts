import { RE2JS } from 're2js';

/**
 * Publishers' regular expressions, matched in linear time: RE2 runs all ways through a pattern side by side and never goes back, so no
 * pattern and no text keeps it busy (https://swtch.com/~rsc/regexp/regexp3.html). What needs going back (look-around,
 * back-references) is refused. A pattern is ECMAScript with the flag `u` and means the same here, which the test compares.
 */
const MAX_LENGTH = 500;
/** Counted repeats are written out in a program: `a{500}` has some 500 instructions. */
const MAX_INSTRUCTIONS = 2_500;

export interface Pattern {
  readonly matcher: RE2JS;
  /** The time to match a text grows with `instructions` × the length of the text, and with nothing else. */
  readonly instructions: number;
}

export class UnsupportedPattern extends Error {}

/** @throws UnsupportedPattern with what is wrong and what would be right */
export function compilePattern(source: string): Pattern {
  if (source.length > MAX_LENGTH) {
    throw new UnsupportedPattern(`the pattern has ${source.length} characters; expected at most ${MAX_LENGTH}`);
  }
  try {
    void new RegExp(source, 'u');
  } catch (error) {
    throw new UnsupportedPattern(`not a regular expression: ${reasonOf(error)}`);
  }
  const matcher = compileRe2(toRe2(source));
  const instructions = matcher.programSize();
  if (instructions > MAX_INSTRUCTIONS) {
    throw new UnsupportedPattern(
      `the pattern takes ${instructions} steps when its counts are written out; expected at most ${MAX_INSTRUCTIONS}`,
    );
  }
  return { matcher, instructions };
}

function compileRe2(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    throw new UnsupportedPattern(
      `the pattern uses what no linear-time engine has: ${reasonOf(error)}; expected counts up to 1000 and classes such as \\p{L} or \\p{Script=Greek}`,
    );
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One token outside of brackets; the pattern is known to be valid, so that no token is cut in two. */
const TOKEN =
  /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|k<[^>]*>|[\s\S])|\(\?(?:<?[=!]|<[^>\]]*>|[a-z]*(?:-[a-z]*)?:)|\[\^?|[\s\S]/gu;

const LINE_ENDS = '\\n\\r\\x{2028}\\x{2029}';
/** ECMA-262 §12.2 and §12.3; RE2's own `\s` is ASCII only. */
const SPACES =
  '\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';
const NO_SPACES =
  '\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}';
const ANY = '\\x{0}-\\x{10ffff}';

/** ECMAScript with the flag `u` as RE2 writes it. @throws UnsupportedPattern */
function toRe2(source: string): string {
  const tokens = source.match(TOKEN) ?? [];
  let written = '';
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] ?? '';
    if (!token.startsWith('[')) {
      written += outside(token);
      continue;
    }
    const members: string[] = [];
    for (at += 1; at < tokens.length && tokens[at] !== ']'; at += 1) members.push(...inside(tokens[at] ?? ''));
    const isNegated = token === '[^';
    if (members.length > 0) written += `[${isNegated ? '^' : ''}${members.join('')}]`;
    else written += isNegated ? `[${ANY}]` : `[^${ANY}]`;
  }
  return written;
}

function outside(token: string): string {
  if (/^\(\?<?[=!]$/.test(token)) {
    throw new UnsupportedPattern(
      'look-ahead and look-behind are not supported; expected a pattern without, or several under allOf',
    );
  }
  if (/^\\(?:[1-9]|k<)/.test(token)) {
    throw new UnsupportedPattern('back-references are not supported; expected a pattern without');
  }
  if (/^\(\?[a-z-]+:$/.test(token)) {
    throw new UnsupportedPattern('modifiers are not supported; expected a pattern without');
  }
  // Nothing asks what a group caught.
  if (token.startsWith('(')) return '(?:';
  if (token === '.') return `[^${LINE_ENDS}]`;
  if (token === '\\s') return `[${SPACES}]`;
  if (token === '\\S') return `[^${SPACES}]`;
  if (token === '\\b' || token === '\\B') return token;
  return token.startsWith('\\') ? escaped(token) : token;
}

/** Members of a class, from a token that was cut as if it stood outside of one. */
function inside(token: string): string[] {
  if (token === '\\s') return [SPACES];
  if (token === '\\S') return [NO_SPACES];
  if (token === '\\b') return ['\\x{8}'];
  if (token.startsWith('\\')) return [escaped(token)];
  return Array.from(token, (char) => (/[[\]&~^(?:<=!]/.test(char) ? codeOf(char.codePointAt(0) ?? 0) : char));
}

function escaped(token: string): string {
  const kind = token[1] ?? '';
  const rest = token.slice(2);
  if (kind === 'p' || kind === 'P') return `\\${kind}{${rest.slice(1, -1).replace(PROPERTY_KEY, '')}}`;
  if (kind === 'u') return codeOf(codePointOf(rest));
  if (kind === 'x') return codeOf(Number.parseInt(rest, 16));
  if (kind === 'c') return codeOf((rest.codePointAt(0) ?? 0) % 32);
  if (kind === '0') return codeOf(0);
  if (kind === 'v') return codeOf(0x0b);
  return /[dDwWtnrf]/.test(kind) ? token : codeOf(kind.codePointAt(0) ?? 0);
}

const PROPERTY_KEY = /^(?:General_Category|gc|Script|sc)=/;

/** What follows `\u`: `{1F600}`, `0041`, or a pair of surrogates. */
function codePointOf(digits: string): number {
  const [first = 0, second] = (digits.match(/[0-9a-fA-F]+/g) ?? []).map((hex) => Number.parseInt(hex, 16));
  return second === undefined ? first : (String.fromCharCode(first, second).codePointAt(0) ?? first);
}

function codeOf(codePoint: number): string {
  return `\\x{${codePoint.toString(16)}}`;
}
