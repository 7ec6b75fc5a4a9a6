import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';

import { DatabaseError, Pool, type PoolClient } from 'pg';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';

import { BodyTooLarge, closeServer, type Door, listen, readBody, sendJson } from './http.ts';

const BODY_LIMIT_BYTES = 64 * 1024 * 1024;
const CONNECTIONS_PER_POOL = 20;
/** Connection strings seen by one door: the application's, and a few of tests. */
const POOLS_LIMIT = 16;
const CONNECT_TIMEOUT_MS = 5_000;
/** WebSocket close codes (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;

const Statement = z.object({ query: z.string(), params: z.array(z.unknown()).default([]) });
type Statement = z.infer<typeof Statement>;
const Request = z.union([z.object({ queries: z.array(Statement).max(1_000) }), Statement]);

/** The driver parses values itself, by type id: they leave here as the text Postgres sent. */
const rawText = { getTypeParser: () => (value: unknown) => value };

const ISOLATION_LEVELS: Readonly<Record<string, string>> = {
  ReadUncommitted: 'READ UNCOMMITTED',
  ReadCommitted: 'READ COMMITTED',
  RepeatableRead: 'REPEATABLE READ',
  Serializable: 'SERIALIZABLE',
};

const ERROR_FIELDS = [
  'severity',
  'code',
  'detail',
  'hint',
  'position',
  'internalPosition',
  'internalQuery',
  'where',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'file',
  'line',
  'routine',
] as const;

export interface NeonDoorOptions {
  readonly port: number;
  readonly postgres: { readonly host: string; readonly port: number };
}

/**
 * Neon's two doors in front of a plain Postgres, so that `@neondatabase/serverless` runs unchanged:
 * `POST /sql` (one statement, or a batch in one transaction) and a WebSocket that carries Postgres' own protocol.
 */
export async function startNeonDoor({ port, postgres }: NeonDoorOptions): Promise<Door> {
  const pools = new Pools(postgres);
  const server = createServer((request, response) => {
    answer(pools, request, response).catch((error: unknown) => {
      sendJson(response, error instanceof BodyTooLarge ? 413 : 500, { message: messageOf(error) });
      response.destroy();
    });
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false, maxPayload: BODY_LIMIT_BYTES });
  sockets.on('connection', (socket) => tunnel(socket, postgres));
  const bound = await listen(server, port);
  return {
    port: bound,
    async close() {
      for (const socket of sockets.clients) socket.close(GOING_AWAY);
      await closeServer(server);
      await pools.close();
    },
  };
}

async function answer(pools: Pools, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST' || new URL(request.url ?? '/', 'http://door').pathname !== '/sql') {
    return sendJson(response, 404, { message: 'the doors here are POST /sql and a WebSocket' });
  }
  const body = Request.safeParse(parseJson(await readBody(request, BODY_LIMIT_BYTES)));
  const connectionString = request.headers['neon-connection-string'];
  if (!body.success || typeof connectionString !== 'string') {
    return sendJson(response, 400, { message: 'a query and a Neon-Connection-String are needed' });
  }
  try {
    const pool = pools.of(connectionString);
    const result =
      'queries' in body.data ? await runBatch(pool, body.data.queries, request.headers) : await run(pool, body.data);
    sendJson(response, 200, result);
  } catch (error) {
    // What Postgres refused is the statement's fault (400, with its fields); anything else is the door's.
    if (error instanceof DatabaseError) return sendJson(response, 400, databaseProblem(error));
    sendJson(response, 500, { message: messageOf(error) });
  }
}

async function run(connection: Pool | PoolClient, statement: Statement) {
  const result = await connection.query({
    text: statement.query,
    values: statement.params,
    rowMode: 'array',
    types: rawText,
  });
  return {
    fields: result.fields.map((field) => ({
      name: field.name,
      dataTypeID: field.dataTypeID,
      tableID: field.tableID,
      columnID: field.columnID,
      dataTypeSize: field.dataTypeSize,
      dataTypeModifier: field.dataTypeModifier,
      format: 'text',
    })),
    rows: result.rows,
    rowCount: result.rowCount,
    command: result.command,
    rowAsArray: true,
  };
}

async function runBatch(pool: Pool, statements: readonly Statement[], headers: IncomingHttpHeaders) {
  const connection = await pool.connect();
  let broken: Error | undefined;
  try {
    await connection.query(beginStatement(headers));
    const results = [];
    for (const statement of statements) results.push(await run(connection, statement));
    await connection.query('COMMIT');
    return { results };
  } catch (error) {
    // A connection that did more than refuse a statement is not given back to the pool.
    if (!(error instanceof DatabaseError)) broken = new Error('broken connection', { cause: error });
    else await connection.query('ROLLBACK');
    throw error;
  } finally {
    connection.release(broken);
  }
}

function beginStatement(headers: IncomingHttpHeaders): string {
  const isolation = ISOLATION_LEVELS[String(headers['neon-batch-isolation-level'])];
  return [
    'BEGIN',
    ...(isolation === undefined ? [] : [`ISOLATION LEVEL ${isolation}`]),
    ...(headers['neon-batch-read-only'] === 'true' ? ['READ ONLY'] : []),
    ...(headers['neon-batch-deferrable'] === 'true' ? ['DEFERRABLE'] : []),
  ].join(' ');
}

function databaseProblem(error: DatabaseError): Record<string, string> {
  const problem: Record<string, string> = { message: error.message };
  for (const field of ERROR_FIELDS) {
    const value = error[field];
    if (value !== undefined) problem[field] = value;
  }
  return problem;
}

function tunnel(socket: WebSocket, postgres: NeonDoorOptions['postgres']): void {
  const upstream = connect(postgres.port, postgres.host);
  upstream.setNoDelay(true);
  const stream = createWebSocketStream(socket);
  stream.on('error', () => upstream.destroy());
  upstream.on('error', () => socket.close(INTERNAL_ERROR));
  upstream.pipe(stream);
  stream.pipe(upstream);
}

/** One pool a connection string, so that the role and the database it names are honoured. */
class Pools {
  readonly #postgres: NeonDoorOptions['postgres'];
  readonly #pools = new Map<string, Pool>();

  constructor(postgres: NeonDoorOptions['postgres']) {
    this.#postgres = postgres;
  }

  of(connectionString: string): Pool {
    const known = this.#pools.get(connectionString);
    if (known) return known;
    if (this.#pools.size >= POOLS_LIMIT) throw new Error(`more than ${POOLS_LIMIT} connection strings at one door`);
    const url = new URL(connectionString);
    const pool = new Pool({
      ...this.#postgres,
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname.slice(1)) || 'postgres',
      max: CONNECTIONS_PER_POOL,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'neon-http',
    });
    // An idle connection that breaks is replaced at the next query; unheard, its error would end the process.
    pool.on('error', () => undefined);
    this.#pools.set(connectionString, pool);
    return pool;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
  }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
