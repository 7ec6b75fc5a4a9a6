/** The native addon of chDB: the ClickHouse engine inside the process that loads it. */
declare module '@chdb/lib-linux-x64-gnu' {
  export interface Connection {
    readonly __chdbConnection: never;
  }
  export interface QueryResult {
    readonly bytes: Uint8Array;
    readonly rowsRead: number | bigint;
    readonly bytesRead: number | bigint;
  }
  export interface InsertResult {
    readonly rowsWritten: number | bigint;
    readonly bytesWritten: number | bigint;
  }
  const chdb: {
    CreateConnection(directory: string): Connection;
    CloseConnection(connection: Connection): void;
    QueryAsyncConnection(connection: Connection, sql: string, format: string): Promise<QueryResult>;
    InsertRawAsyncConnection(
      connection: Connection,
      insert: string,
      bytes: Buffer,
      isRaw: boolean,
    ): Promise<InsertResult>;
  };
  export default chdb;
}
