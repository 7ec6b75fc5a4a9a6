import { type ClickHouseClient, createClient } from '@clickhouse/client-web';

export interface ClickHouseTarget {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export type ClickHouse = ClickHouseClient;

const REQUEST_TIMEOUT_MS = 10_000;

/**
 * A client for this cell's ClickHouse, over fetch: works in workerd and in Node alike. Tables are named in full (`soma.…`).
 * 64-bit integers arrive as text, never as a double.
 */
export function openClickHouse({ url, username, password }: ClickHouseTarget): ClickHouse {
  return createClient({
    url,
    username,
    password,
    application: 'soma',
    request_timeout: REQUEST_TIMEOUT_MS,
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1, wait_end_of_query: 1 },
  });
}
