import { type ClickHouseClient, createClient } from '@clickhouse/client-web';

import type { CellEnv } from '../env.ts';

export function openClickHouse(env: CellEnv, timeoutMs = 10_000): ClickHouseClient {
  return createClient({
    url: env.CLICKHOUSE_URL,
    username: env.CLICKHOUSE_USER,
    password: env.CLICKHOUSE_PASSWORD,
    request_timeout: timeoutMs,
  });
}
