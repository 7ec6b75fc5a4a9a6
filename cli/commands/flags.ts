import { numberParser } from '@stricli/core';

/** Parameters that more than one command takes. */
export const json = { kind: 'boolean', brief: 'JSON on stdout', default: false } as const;

export const key = {
  kind: 'parsed',
  parse: String,
  brief: 'Which signing key, where there are several',
  placeholder: 'name',
  optional: true,
} as const;

export function text(brief: string, placeholder: string) {
  return { kind: 'parsed', parse: String, brief, placeholder, optional: true } as const;
}

export function texts(brief: string, placeholder: string) {
  return { kind: 'parsed', parse: String, brief, placeholder, optional: true, variadic: true } as const;
}

export function toggle(brief: string) {
  return { kind: 'boolean', brief, default: false, withNegated: false } as const;
}

export function count(brief: string, otherwise: number) {
  return { kind: 'parsed', parse: wholeNumber, brief, placeholder: 'n', default: String(otherwise) } as const;
}

export function wholeNumber(input: string): number {
  const number = numberParser(input);
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`${input} is no whole number above 0`);
  return number;
}

/** A whole number from 0 to `most`. */
export function upToNumber(most: number) {
  return (input: string): number => {
    const number = numberParser(input);
    if (!Number.isSafeInteger(number) || number < 0 || number > most)
      throw new RangeError(`${input} is no whole number from 0 to ${most}`);
    return number;
  };
}

/** What has not that form is no path of the platform's either, and its answer would speak of paths. */
function capsuleName(input: string): string {
  if (/^[a-z0-9-]+\/[a-z0-9-]+$/.test(input)) return input;
  throw new RangeError(`${input} names no capsule: expected publisher/slug`);
}

export const capsule = {
  kind: 'tuple',
  parameters: [{ parse: capsuleName, placeholder: 'publisher/slug', brief: 'The capsule' }],
} as const;

export function one(placeholder: string, brief: string) {
  return { kind: 'tuple', parameters: [{ parse: String, placeholder, brief }] } as const;
}

export function atMostOne(placeholder: string, brief: string) {
  return { kind: 'tuple', parameters: [{ parse: String, placeholder, brief, optional: true }] } as const;
}
