import chdb, { type Connection, type InsertResult, type QueryResult } from '@chdb/lib-linux-x64-gnu';

import { quoteIdentifier, quoteLiteral } from './sql.ts';

const CONNECTIONS = 4;
const WAITING_LIMIT = 1_000;

/** ClickHouse's own error, as its HTTP interface reports it. */
export class ClickHouseError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'ClickHouseError';
    this.code = code;
  }
}

export interface Session {
  readonly database: string;
  readonly settings: ReadonlyMap<string, string>;
  /** `param_<name>` values of `{name:Type}` placeholders. */
  readonly parameters: ReadonlyMap<string, string>;
}

interface Leased {
  readonly connection: Connection;
  database: string;
}

/** One data directory: the engine holds it alone, so it is one process and a few connections of it. */
export class Engine {
  readonly #all: readonly Leased[];
  readonly #free: Leased[];
  readonly #waiting: ((leased: Leased) => void)[] = [];

  constructor(directory: string) {
    this.#all = Array.from({ length: CONNECTIONS }, () => ({
      connection: chdb.CreateConnection(directory),
      database: 'default',
    }));
    this.#free = [...this.#all];
  }

  query(session: Session, sql: string, format: string): Promise<QueryResult> {
    return this.#withSession(session, (connection) => chdb.QueryAsyncConnection(connection, sql, format));
  }

  insert(session: Session, statement: string, bytes: Buffer): Promise<InsertResult> {
    return this.#withSession(session, (connection) =>
      chdb.InsertRawAsyncConnection(connection, statement, bytes, true),
    );
  }

  close(): void {
    for (const { connection } of this.#all) chdb.CloseConnection(connection);
  }

  async #withSession<T>(session: Session, work: (connection: Connection) => Promise<T>): Promise<T> {
    const leased = await this.#lease();
    const { connection } = leased;
    let hasFailed = false;
    try {
      if (leased.database !== session.database) {
        await run(connection, `USE ${quoteIdentifier(session.database)}`);
        leased.database = session.database;
      }
      const assignments = [
        ...[...session.settings].map(([name, value]) => `${name} = ${quoteLiteral(value)}`),
        ...[...session.parameters].map(([name, value]) => `param_${name} = '${escapeText(value)}'`),
      ];
      if (assignments.length > 0) await run(connection, `SET ${assignments.join(', ')}`);
      return await work(connection);
    } catch (error) {
      hasFailed = true;
      throw toClickHouseError(error);
    } finally {
      await restore(connection, session, hasFailed);
      this.#giveBack(leased);
    }
  }

  #lease(): Promise<Leased> {
    const leased = this.#free.pop();
    if (leased) return Promise.resolve(leased);
    if (this.#waiting.length >= WAITING_LIMIT) {
      return Promise.reject(
        new ClickHouseError(
          202,
          'Code: 202. DB::Exception: Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)',
        ),
      );
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #giveBack(leased: Leased): void {
    const next = this.#waiting.shift();
    if (next) next(leased);
    else this.#free.push(leased);
  }
}

/** Leaves a connection as it was found: settings are the session's, and not the next one's. */
async function restore(connection: Connection, session: Session, hasFailed: boolean): Promise<void> {
  // A failed query leaves partial output behind that would stand before the next result.
  if (hasFailed) await run(connection, 'SELECT 1 FORMAT Null').catch(() => undefined);
  const names = [...session.settings.keys()];
  if (names.length === 0) return;
  await run(connection, `SET ${names.map((name) => `${name} = DEFAULT`).join(', ')}`).catch(() => undefined);
}

async function run(connection: Connection, sql: string): Promise<void> {
  await chdb.QueryAsyncConnection(connection, sql, 'Null');
}

/** Parameter values travel in ClickHouse's escaped text form. */
function escapeText(value: string): string {
  return value.replaceAll(/[\\']/g, String.raw`\$&`);
}

function toClickHouseError(error: unknown): ClickHouseError {
  const message = error instanceof Error ? error.message : String(error);
  return new ClickHouseError(Number(/Code: (\d+)/.exec(message)?.[1] ?? 1002), message);
}
