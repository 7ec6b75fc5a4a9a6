import type { JsonValue } from '../json.ts';
import type { Keyword } from './compile.ts';
import { FORMATS } from './formats.ts';
import type { Judging, Place } from './judging.ts';
import { numberIn, textIn } from './values.ts';

/** Keywords that look at a value as a whole, a number or a text: JSON Schema 2020-12 Validation §6.1 to §6.3, §7. */

const type: Keyword = (argument) => {
  const names = [argument].flat().map(textIn);
  const expected = `expected ${names.join(' or ')}`;
  const allowed = new Set(names);
  return (value, place, judging) => {
    const name = typeOf(value);
    const isRight = allowed.has(name) || (name === 'number' && allowed.has('integer') && Number.isInteger(value));
    return isRight || judging.fault(place, 'type', expected);
  };
};

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

const MAX_SHOWN_CHARS = 200;

function oneOfThese(keyword: string, values: readonly JsonValue[]): ReturnType<Keyword> {
  let identities: Set<string> | undefined;
  const shown = values.map((value) => JSON.stringify(value)).join(', ');
  const expected = shown.length <= MAX_SHOWN_CHARS ? shown : `${shown.slice(0, MAX_SHOWN_CHARS)}…`;
  return (value, place, judging) => {
    identities ??= new Set(values.map((allowed) => judging.identityOf(allowed)));
    return identities.has(judging.identityOf(value)) || judging.fault(place, keyword, `expected ${expected}`);
  };
}

type NumberRule = (value: number, limit: number) => boolean;

function numberKeyword(name: string, holds: NumberRule, expected: string): [string, Keyword] {
  return [
    name,
    (limit) => (value, place, judging) =>
      typeof value !== 'number' ||
      typeof limit !== 'number' ||
      holds(value, limit) ||
      judging.fault(place, name, `expected ${expected} ${limit}`),
  ];
}

/** Exact, also where the numbers are decimal fractions. */
function isMultipleOf(value: number, divisor: number): boolean {
  const [digits, exponent] = decimalOf(value);
  const [divisorDigits, divisorExponent] = decimalOf(divisor);
  const shift = exponent - divisorExponent;
  return shift >= 0
    ? (digits * 10n ** BigInt(shift)) % divisorDigits === 0n
    : digits % (divisorDigits * 10n ** BigInt(-shift)) === 0n;
}

function decimalOf(value: number): [digits: bigint, exponent: number] {
  const [mantissa = '0', exponent = '0'] = String(Math.abs(value)).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return [BigInt(whole + fraction), Number(exponent) - fraction.length];
}

type TextRule = (text: string, judging: Judging, place: Place) => boolean;

function textKeyword(rule: TextRule): ReturnType<Keyword> {
  return (value, place, judging) => typeof value !== 'string' || rule(value, judging, place);
}

/** Characters are code points (RFC 8259 §8.2): between half and all of a text's length. */
function hasAtLeast(text: string, limit: number, judging: Judging): boolean {
  if (text.length < limit) return false;
  return text.length >= 2 * limit || codePointsIn(text, judging) >= limit;
}

function codePointsIn(text: string, judging: Judging): number {
  judging.read(text);
  let count = 0;
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count += 1;
  return count;
}

const minLength: Keyword = (argument) => {
  const least = numberIn(argument);
  return textKeyword(
    (text, judging, place) =>
      hasAtLeast(text, least, judging) ||
      judging.fault(place, 'minLength', `the text is too short: expected at least ${least} characters`),
  );
};

const maxLength: Keyword = (argument) => {
  const most = numberIn(argument);
  return textKeyword(
    (text, judging, place) =>
      !hasAtLeast(text, most + 1, judging) ||
      judging.fault(place, 'maxLength', `the text is too long: expected at most ${most} characters`),
  );
};

const pattern: Keyword = (source) =>
  textKeyword(
    (text, judging, place) =>
      judging.matches(textIn(source), text) ||
      judging.fault(place, 'pattern', `expected a text that matches ${textIn(source)}`),
  );

const format: Keyword = (name) => {
  const known = FORMATS.get(textIn(name));
  if (!known) return () => true;
  return textKeyword((text, judging, place) => {
    if (text.length <= known.maxLength) {
      judging.read(text);
      if (known.holds(text)) return true;
    }
    return judging.fault(place, 'format', `expected ${known.expected}`);
  });
};

export const SCALAR_KEYWORDS: readonly (readonly [string, Keyword])[] = [
  ['type', type],
  ['const', (argument) => oneOfThese('const', [argument])],
  ['enum', (argument) => oneOfThese('enum', Array.isArray(argument) ? argument : [])],
  numberKeyword('minimum', (value, limit) => value >= limit, 'at least'),
  numberKeyword('maximum', (value, limit) => value <= limit, 'at most'),
  numberKeyword('exclusiveMinimum', (value, limit) => value > limit, 'more than'),
  numberKeyword('exclusiveMaximum', (value, limit) => value < limit, 'less than'),
  numberKeyword('multipleOf', isMultipleOf, 'a multiple of'),
  ['minLength', minLength],
  ['maxLength', maxLength],
  ['pattern', pattern],
  ['format', format],
];
