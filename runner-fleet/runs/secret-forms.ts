import { MIN_SECRET_BYTES } from '#contracts/secret';

/** The fewest characters that NIST SP 800-63B lets a password have: a shorter line is hardly a secret by itself, and often a word or a bracket. */
const MIN_LINE_CHARS = 8;
/** Also as text in JSON, or in JSON within JSON, holds it. */
const LINE_BREAK = /[\r\n]|\\+[rn]/;
/** RFC 7468 §2: the same around everybody's key. */
const ENCAPSULATION_BOUNDARY = /^-----(BEGIN|END) [^-]*-----$/;

/** Anything but what no library escapes. */
const ESCAPED_BY_SOME = /[^A-Za-z0-9_.-]/;

/** Of all values together, a dozen keys' worth: making the forms of more would hold up every run of the runner. */
const MOST_LINES = 512;

/** Every way in which the values are likely to be written down, as a whole or line by line. */
export function formsOf(values: readonly string[]): Buffer[] {
  const lines = values.flatMap(tellingLines).slice(0, MOST_LINES);
  const parts = new Set([...values.flatMap((value) => [value, value.trim()]), ...lines]);
  const long = [...parts].filter((part) => Buffer.byteLength(part) >= MIN_SECRET_BYTES);
  return [...new Set(long.flatMap(textsOf))].map((text) => Buffer.from(text));
}

/** Without white space around them: who prints a line has often taken it off. */
function tellingLines(value: string): string[] {
  const lines = value.split(LINE_BREAK).map((line) => line.trim());
  return lines.filter(
    (line) => line.length >= MIN_LINE_CHARS && /[\p{L}\p{N}]/u.test(line) && !ENCAPSULATION_BOUNDARY.test(line),
  );
}

/** As it is, in base64 at any offset, in a URL, in JSON, as a program shows its variables. */
function textsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const quoted = JSON.stringify(value).slice(1, -1);
  return [
    value,
    quoted,
    quoted.replaceAll('/', '\\/'),
    asciiOnly(quoted),
    ...shownForms(quoted),
    ...urlForms(value),
    ...base64Cores(bytes).flatMap((core) => [core, core.replaceAll('+', '-').replaceAll('/', '_')]),
  ];
}

/** As `json.dumps` of Python writes it. */
function asciiOnly(quoted: string): string {
  return quoted.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** As `repr` of Python and `inspect` of Node show text: in quotes that it does not hold, or with one kind of its own escaped. */
function shownForms(quoted: string): string[] {
  const unquoted = quoted.replaceAll('\\"', '"');
  return [unquoted, unquoted.replaceAll("'", "\\'")];
}

/** Libraries differ in what they leave as it is, in how they write a space, and in the case of their digits. */
function urlForms(value: string): string[] {
  if (!ESCAPED_BY_SOME.test(value)) return [];
  const component = encodeURIComponent(value);
  const strict = component.replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  const encoded = new Set([component, strict, strict.replaceAll('%20', '+'), form, encodeURI(value), ...inUrls(value)]);
  const withPaths = new Set([...encoded].flatMap((text) => [text, text.replaceAll('%2F', '/')]));
  return [...withPaths].flatMap((text) => [text, text.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())]);
}

/** As the URL Standard writes it where a program has put it into the query or the path as it is. */
function inUrls(value: string): string[] {
  return ['http://h/?', 'http://h/p'].map((before) => new URL(before + value).href.slice(before.length));
}

/** The characters that base64 of any text around the value has: for each of the three offsets, those that hold its bits alone. */
function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const firstWhole = Math.ceil((offset * 8) / 6);
    const endWhole = Math.floor(((offset + bytes.length) * 8) / 6);
    return text.slice(firstWhole, endWhole);
  });
}
