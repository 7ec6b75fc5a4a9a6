import { getTableColumns } from 'drizzle-orm';

import type { RunSummary } from '#contracts/api/runs';
import type { Cell } from '#contracts/cells';
import type { Run } from '#contracts/run';
import { runs } from '#db/postgres/schema/index';

type Row = typeof runs.$inferSelect;

const { input: _input, output: _output, receipt: _receipt, ...small } = getTableColumns(runs);
/** All of a run but what may be large. */
export const SUMMARY_COLUMNS = small;
/** What the API shows of a run: not its input, which may be large and is the caller's own. */
export const RUN_COLUMNS = { ...small, output: runs.output, receipt: runs.receipt };

export function summaryView(row: Omit<Row, 'input' | 'output' | 'receipt'>, cell: Cell): RunSummary {
  return {
    id: row.id,
    tenantId: row.tenantId,
    installationId: row.installationId,
    rerunOf: row.rerunOf,
    scheduleId: row.scheduleId,
    capsule: row.capsule,
    version: row.version,
    digest: row.digest,
    cell,
    isolation: row.isolation,
    attempts: row.attempts,
    state: row.state,
    cause: row.cause,
    detail: row.detail,
    exitCode: row.exitCode,
    retryAfterS: row.retryAfterS,
    usage: row.usage,
    amountNanos: row.amountNanos?.toString() ?? null,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}

export function runView(row: Omit<Row, 'input'>, artifacts: Run['artifacts'], cell: Cell): Run {
  return { ...summaryView(row, cell), output: row.output, receipt: row.receipt, artifacts };
}
