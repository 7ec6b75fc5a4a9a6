import { readFile, writeFile } from 'node:fs/promises';

import { z } from 'zod';

import { AuditCheckpoint, AuditEntries } from '#contracts/api/audit';
import { parseNote, verifyChain } from '#contracts/checkpoint';
import * as auditApi from '#contracts/operations/audit';

import { collect } from '../collect.ts';
import { connect } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { Failure, UsageError } from '../failure.ts';
import { call, type Connection } from '../http.ts';
import { note, printFields, printJson, printLine, printTable } from '../output.ts';

export interface AuditFlags extends JsonFlag {
  readonly action?: string;
  readonly actor?: string;
  readonly target?: string;
  readonly outcome?: 'success' | 'refused';
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
}

export async function list(this: Context, { json, limit, ...filters }: AuditFlags): Promise<void> {
  const connection = await connect(this.process.env);
  const items = await collect(limit, (ask) => call(auditApi.list, { query: { ...ask, ...filters } }, connection));
  if (json) return printJson(this.process, items);
  if (items.length === 0) return printLine(this.process, 'No entries.');
  printTable(
    this.process,
    ['seq', 'time', 'who', 'what', 'on', 'outcome'],
    items.map(({ seq, record }) => [
      seq === null ? 'pending' : String(seq),
      record.time,
      `${record.actor.type} ${record.actor.id}`,
      record.action,
      record.target,
      record.reason === undefined ? record.outcome : `${record.outcome}: ${record.reason}`,
    ]),
  );
}

type Entry = z.infer<typeof AuditEntries>['items'][number];

/** A log as it is taken away: its checkpoint first, then every entry. */
export interface AuditLogCopy {
  readonly checkpoint: AuditCheckpoint;
  readonly entries: readonly Entry[];
}

/** The log up to a checkpoint: entries that come while it is read are left for the next one. */
export async function fetchLog(connection: Connection): Promise<AuditLogCopy> {
  const checkpoint = await call(auditApi.checkpoint, {}, connection);
  const { size } = parseNote(checkpoint.note);
  const entries: Entry[] = [];
  while (entries.length < size) {
    const { items } = await call(
      auditApi.entries,
      { query: { after: entries.length, limit: Math.min(500, size - entries.length) } },
      connection,
    );
    if (items.length === 0)
      throw new Failure(`the checkpoint speaks of ${size} entries, but the log gives out ${entries.length}`);
    entries.push(...items);
  }
  return { checkpoint, entries };
}

export interface VerifyFlags extends JsonFlag {
  readonly file?: string;
  readonly publicKey?: string;
}

export async function verify(this: Context, flags: VerifyFlags): Promise<void> {
  const knownKeyPem = flags.publicKey === undefined ? undefined : await read(flags.publicKey);
  const log =
    flags.file === undefined
      ? await fetchLog(await connect(this.process.env))
      : parseExport(await read(flags.file), flags.file);
  const { origin, size, root, keyFingerprint } = await verifyChain({ ...log, knownKeyPem });
  const { pending } = log.checkpoint;
  if (flags.json) return printJson(this.process, { verified: true, origin, size, root, keyFingerprint, pending });
  printFields(this.process, {
    log: origin,
    entries: size,
    pending: flags.file === undefined ? `${pending} committed, on their way into the chain` : undefined,
    root,
    'signed by': keyFingerprint,
  });
  note(
    this.process,
    `\n✓ Complete and unaltered: ${size} entries, hashed anew${knownKeyPem === undefined ? '' : ', under the key you kept'}.`,
  );
}

export interface ExportFlags {
  readonly out?: string;
}

export async function exportLog(this: Context, { out }: ExportFlags): Promise<void> {
  const { checkpoint, entries } = await fetchLog(await connect(this.process.env));
  const text = [{ checkpoint }, ...entries].map((line) => `${JSON.stringify(line)}\n`).join('');
  if (out === undefined) this.process.stdout.write(text);
  else {
    await writeFile(out, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw new Failure(`${out} is there already; name another file with --out`);
      throw error;
    });
    note(this.process, `${entries.length} entries are in ${out}: soma audit verify --file ${out}`);
  }
}

const Head = z.object({ checkpoint: AuditCheckpoint });

function parseExport(text: string, path: string): AuditLogCopy {
  const [head = '', ...lines] = text.split('\n').filter(Boolean);
  const { checkpoint } = parseLine(Head, head, `line 1 of ${path}`);
  const Entry = AuditEntries.shape.items.element;
  return { checkpoint, entries: lines.map((line, index) => parseLine(Entry, line, `line ${index + 2} of ${path}`)) };
}

function parseLine<T>(schema: z.ZodType<T>, line: string, place: string): T {
  const parsed = schema.safeParse(jsonOrNothing(line));
  if (parsed.success) return parsed.data;
  const [fault] = parsed.error.issues;
  const where = fault?.path.map((member) => `/${String(member)}`).join('') ?? '';
  throw new Failure(`${place} is not as an export of an audit log has it: ${where} ${fault?.message ?? ''}`.trim());
}

function jsonOrNothing(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path} cannot be read (${error.code})`);
  });
}
