import { stripVTControlCharacters, styleText } from 'node:util';

import { formatNanos, nanos } from '#contracts/money';

export interface Sink {
  readonly write: (text: string) => void;
  readonly isTTY?: boolean;
}

/** Where a command speaks: results on `out`, everything else on `err`. */
export interface Terminal {
  readonly stdout: Sink;
  readonly stderr: Sink;
}

/** What a platform or a capsule says reaches the terminal without the power to move its cursor or forge its lines. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/(?![\t\n])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, '');
}

export function printJson({ stdout }: Terminal, value: unknown): void {
  stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

export function printLine({ stdout }: Terminal, text: string): void {
  stdout.write(`${printable(text)}\n`);
}

export function note({ stderr }: Terminal, text: string): void {
  stderr.write(`${printable(text)}\n`);
}

/** Label and value, aligned. A label without a value is left out. */
export function printFields(
  terminal: Terminal,
  fields: Readonly<Record<string, string | number | null | undefined>>,
): void {
  const shown = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(0, ...shown.map(([label]) => label.length));
  for (const [label, value] of shown) {
    terminal.stdout.write(`${dim(terminal, label.padEnd(width))}  ${printable(String(value))}\n`);
  }
}

/** Columns as wide as their widest cell; numbers to the right. */
export function printTable(
  terminal: Terminal,
  head: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): void {
  const cells = rows.map((row) =>
    row.map((cell) => printable(cell === null ? '–' : String(cell)).replaceAll('\n', ' ')),
  );
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const isNumeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  terminal.stdout.write(`${dim(terminal, line(head))}\n`);
  for (const row of cells) terminal.stdout.write(`${line(row)}\n`);
}

function dim({ stdout }: Terminal, text: string): string {
  return stdout.isTTY && !process.env['NO_COLOR'] ? styleText('dim', text, { validateStream: false }) : text;
}

export function money(amountNanos: string | null): string {
  return amountNanos === null ? '–' : formatNanos(nanos(BigInt(amountNanos)));
}

export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

export function bytes(count: number): string {
  if (count < 1_024) return `${count} B`;
  return count < 2 ** 20 ? `${(count / 1_024).toFixed(1)} KiB` : `${(count / 2 ** 20).toFixed(1)} MiB`;
}

/** `5.5 KiB in 4 files`. */
export function bundleSize(sizeBytes: number, files: number): string {
  return `${bytes(sizeBytes)} in ${files} ${files === 1 ? 'file' : 'files'}`;
}
