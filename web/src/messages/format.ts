import { formatNanos, NanosText } from '#contracts/money';

const LANGUAGE = 'en';
const plurals = new Intl.PluralRules(LANGUAGE);
const wholeNumber = new Intl.NumberFormat(LANGUAGE);
const oneDecimal = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 1 });
const list = new Intl.ListFormat(LANGUAGE);
const date = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium' });
const moment = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeStyle: 'medium' });
const monthOfYear = new Intl.DateTimeFormat(LANGUAGE, { month: 'long', year: 'numeric', timeZone: 'UTC' });
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const;

export function whole(n: number): string {
  return wholeNumber.format(n);
}

/** `3 runs`, `1 run`. */
export function counted(n: number, one: string, other: string): string {
  return `${whole(n)} ${plurals.select(n) === 'one' ? one : other}`;
}

/** `a`, `a and b`, `a, b, and c`. */
export function listed(names: readonly string[]): string {
  return list.format(names);
}

export function day(iso: string): string {
  return date.format(new Date(iso));
}

export function instant(iso: string): string {
  return moment.format(new Date(iso));
}

/** `2026-11` → `November 2026`. */
export function month(period: string): string {
  return monthOfYear.format(new Date(`${period}-01T00:00:00Z`));
}

export function bytes(n: number): string {
  const exponent = n < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(n) / 10));
  return `${oneDecimal.format(n / 2 ** (exponent * 10))} ${BYTE_UNITS[exponent] ?? ''}`;
}

/** Rounded before it is taken apart: no second has 1,000 milliseconds to show, and no minute 60 seconds. */
export function duration(ms: number): string {
  const [milliseconds, tenths, seconds] = [Math.round(ms), Math.round(ms / 100), Math.round(ms / 1_000)];
  if (milliseconds < 1_000) return `${whole(milliseconds)} ms`;
  if (tenths < 600) return `${oneDecimal.format(tenths / 10)} s`;
  const minutes = `${whole(Math.floor(seconds / 60))} min`;
  return seconds % 60 === 0 ? minutes : `${minutes} ${seconds % 60} s`;
}

/** Processor time is short: below a millisecond it is said in microseconds. */
export function processorTime(us: number): string {
  return us < 1_000 ? `${whole(us)} µs` : duration(us / 1_000);
}

/** Nano-units as the API writes them → `$0.0025`. */
export function money(nanosText: string): string {
  return formatNanos(NanosText.parse(nanosText));
}

export function percent(fraction: number): string {
  return `${whole(Math.round(fraction * 100))} %`;
}
