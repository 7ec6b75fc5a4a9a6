import { readFile } from 'node:fs/promises';

import { UsageError } from './failure.ts';

/** What `--input` and `--file` make of the command line: the JSON a run gets. */
export interface InputFlags {
  /** A path, `-` for stdin, or JSON itself. */
  readonly input?: string | undefined;
  /** `name=path`: the file's content as that member; text where it is UTF-8, base64 where it is not. */
  readonly file?: readonly string[] | undefined;
}

export async function readInput(flags: InputFlags, readStdin: () => Promise<string>): Promise<unknown> {
  const base = flags.input === undefined ? undefined : await readBase(flags.input, readStdin);
  const members = await Promise.all((flags.file ?? []).map(readMember));
  if (members.length === 0) return base ?? {};
  if (base !== undefined && !isRecord(base))
    throw new UsageError('--file adds members to an object, but --input is not one');
  return { ...base, ...Object.fromEntries(members) };
}

async function readBase(input: string, readStdin: () => Promise<string>): Promise<unknown> {
  if (input === '-') return parse(await readStdin(), 'stdin');
  const looksLikeJson = /^\s*(?:[{["\d-]|true|false|null)/.test(input);
  if (looksLikeJson && !input.endsWith('.json')) return parse(input, '--input');
  const bytes = await read(input, 'expected a file, - for stdin, or JSON');
  return parse(bytes.toString('utf8'), input);
}

async function readMember(assignment: string): Promise<[string, string]> {
  const [, name, path] = /^([^=]+)=(.+)$/s.exec(assignment) ?? [];
  if (name === undefined || path === undefined) throw new UsageError(`--file ${assignment}: expected name=path`);
  const bytes = await read(path, 'expected the path of a file');
  try {
    return [name, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)];
  } catch {
    return [name, bytes.toString('base64')];
  }
}

async function read(path: string, expected: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path} cannot be read (${error.code}); ${expected}`);
  });
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${source} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
