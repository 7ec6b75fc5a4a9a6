import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';

import { readBody } from '../../doors/http.ts';
import { ClickHouseError, type Session } from './engine.ts';
import { isIdentifier, isInsertWithBody } from './sql.ts';

export const BODY_LIMIT_BYTES = 256 * 1024 * 1024;

/** Parameters of the HTTP interface itself, which are no settings of the query. */
const HTTP_ONLY =
  /^(query|query_id|database|default_format|session_id|session_timeout|session_check|role|user|password|quota_key|compress|decompress|buffer_size|wait_end_of_query|enable_http_compression|http_.*|send_progress_in_http_headers|add_http_cors_header)$/;

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export type Parsed =
  | { readonly kind: 'insert'; readonly session: Session; readonly statement: string; readonly rows: Buffer }
  | { readonly kind: 'query'; readonly session: Session; readonly sql: string; readonly format: string };

/** Reads a request of ClickHouse's HTTP interface: the query from the URL or the body, settings and `param_`s from the URL. */
export async function parseRequest(request: IncomingMessage, url: URL, expected: Credentials): Promise<Parsed> {
  const body = decompress(await readBody(request, BODY_LIMIT_BYTES), request.headers['content-encoding']);
  checkCredentials(request, url, expected);
  const session = sessionOf(url.searchParams);
  const query = url.searchParams.get('query') ?? '';
  if (body.length > 0 && isInsertWithBody(query))
    return { kind: 'insert', session, statement: query.trim(), rows: body };
  const sql = [query, body.toString('utf8')].filter((part) => part !== '').join('\n');
  return { kind: 'query', session, sql, format: url.searchParams.get('default_format') ?? 'TabSeparated' };
}

function sessionOf(parameters: URLSearchParams): Session {
  const settings = new Map<string, string>();
  const values = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (HTTP_ONLY.test(name)) continue;
    if (!isIdentifier(name))
      throw new ClickHouseError(115, `Code: 115. DB::Exception: Unknown setting ${name}. (UNKNOWN_SETTING)`);
    if (name.startsWith('param_')) values.set(name.slice('param_'.length), value);
    else settings.set(name, value);
  }
  return { database: parameters.get('database') ?? 'default', settings, parameters: values };
}

function checkCredentials(request: IncomingMessage, url: URL, expected: Credentials): void {
  const given = basicCredentials(request.headers.authorization) ?? {
    user: request.headers['x-clickhouse-user'] ?? url.searchParams.get('user') ?? 'default',
    password: request.headers['x-clickhouse-key'] ?? url.searchParams.get('password') ?? '',
  };
  if (isEqual(String(given.user), expected.user) && isEqual(String(given.password), expected.password)) return;
  throw new ClickHouseError(
    516,
    `Code: 516. DB::Exception: ${String(given.user)}: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)`,
  );
}

function basicCredentials(header: string | undefined): Credentials | undefined {
  if (!header?.startsWith('Basic ')) return undefined;
  const decoded = Buffer.from(header.slice('Basic '.length), 'base64').toString('utf8');
  const at = decoded.indexOf(':');
  return { user: decoded.slice(0, at), password: decoded.slice(at + 1) };
}

function isEqual(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function decompress(body: Buffer, encoding: string | undefined): Buffer {
  const bound = { maxOutputLength: BODY_LIMIT_BYTES };
  switch (encoding) {
    case undefined:
    case 'identity':
      return body;
    case 'gzip':
      return gunzipSync(body, bound);
    case 'deflate':
      return inflateSync(body, bound);
    case 'br':
      return brotliDecompressSync(body, bound);
    case 'zstd':
      return zstdDecompressSync(body, bound);
    default:
      throw new ClickHouseError(
        89,
        `Code: 89. DB::Exception: Unknown compression method ${encoding}. (UNKNOWN_COMPRESSION_METHOD)`,
      );
  }
}
