import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

import { BodyTooLarge, closeServer, type Door, listen } from '../../doors/http.ts';
import { ClickHouseError, type Engine, type Session } from './engine.ts';
import { type Credentials, type Parsed, parseRequest } from './request.ts';
import { formatOf, isRead } from './sql.ts';

const COMPRESS_FROM_BYTES = 512;
const KEEP_ALIVE_MS = 30_000;
const ROOT_SESSION: Session = { database: 'default', settings: new Map(), parameters: new Map() };

/** HTTP status by ClickHouse's error code; the rest are 500, as the server does it. */
const STATUS: Readonly<Record<number, number>> = {
  60: 404,
  62: 400,
  81: 404,
  89: 400,
  115: 404,
  164: 500,
  192: 403,
  202: 429,
  497: 403,
  516: 403,
};

export interface ClickHouseDoorOptions {
  readonly port: number;
  readonly engine: Engine;
  readonly credentials: Credentials;
}

/** ClickHouse's HTTP interface over the engine in this process, as far as `@clickhouse/client-web` uses it. */
export async function startClickHouseDoor({ port, engine, credentials }: ClickHouseDoorOptions): Promise<Door> {
  const version = Buffer.from((await engine.query(ROOT_SESSION, 'SELECT version()', 'TSV')).bytes)
    .toString()
    .trim();
  const server = createServer((request, response) => {
    answer(engine, credentials, request, response).catch((error: unknown) => fail(response, error, version));
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const bound = await listen(server, port);
  return { port: bound, close: () => closeServer(server) };
}

async function answer(
  engine: Engine,
  credentials: Credentials,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://door');
  const isPing = request.method === 'GET' && (url.pathname === '/ping' || !url.searchParams.has('query'));
  if (isPing) return void response.writeHead(200, { 'content-type': 'text/html' }).end('Ok.\n');

  const parsed = await parseRequest(request, url, credentials);
  if (request.method === 'GET' && parsed.kind === 'query' && !isRead(parsed.sql)) {
    throw new ClickHouseError(164, 'Code: 164. DB::Exception: Cannot execute query in readonly mode. (READONLY)');
  }
  const startedAt = process.hrtime.bigint();
  const { body, summary } = await execute(engine, parsed);
  const mayCompress =
    url.searchParams.get('enable_http_compression') === '1' &&
    /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') &&
    body.length > COMPRESS_FROM_BYTES;
  const format = parsed.kind === 'query' ? (formatOf(parsed.sql) ?? parsed.format) : 'TabSeparated';
  response.writeHead(200, {
    'content-type': contentTypeOf(format),
    'x-clickhouse-format': format,
    'x-clickhouse-query-id': url.searchParams.get('query_id') ?? randomUUID(),
    'x-clickhouse-timezone': 'UTC',
    'x-clickhouse-summary': JSON.stringify({ ...summary, elapsed_ns: String(process.hrtime.bigint() - startedAt) }),
    ...(mayCompress ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(mayCompress ? gzipSync(body, { level: 1 }) : body);
}

async function execute(engine: Engine, parsed: Parsed): Promise<{ body: Buffer; summary: Record<string, string> }> {
  if (parsed.kind === 'insert') {
    const result = await engine.insert(parsed.session, parsed.statement, parsed.rows);
    const summary = {
      read_rows: '0',
      written_rows: String(result.rowsWritten),
      written_bytes: String(result.bytesWritten),
    };
    return { body: Buffer.alloc(0), summary };
  }
  const result = await engine.query(parsed.session, parsed.sql, parsed.format);
  const body = Buffer.from(result.bytes);
  const summary = {
    read_rows: String(result.rowsRead),
    read_bytes: String(result.bytesRead),
    written_rows: '0',
    result_bytes: String(body.length),
  };
  return { body, summary };
}

function fail(response: ServerResponse, error: unknown, version: string): void {
  if (response.headersSent) return void response.destroy();
  const code = error instanceof ClickHouseError ? error.code : error instanceof BodyTooLarge ? 0 : 1002;
  const status = error instanceof BodyTooLarge ? 413 : (STATUS[code] ?? 500);
  const message = error instanceof Error ? error.message : String(error);
  response.writeHead(status, {
    'content-type': 'text/plain; charset=UTF-8',
    'x-clickhouse-exception-code': String(code),
  });
  response.end(message.includes('(version') ? message : `${message} (version ${version})\n`);
}

function contentTypeOf(format: string): string {
  if (format === 'JSON' || format === 'JSONCompact') return 'application/json; charset=UTF-8';
  if (format.startsWith('JSON')) return 'application/x-ndjson; charset=UTF-8';
  return 'text/tab-separated-values; charset=UTF-8';
}
