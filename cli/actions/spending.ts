import * as installationsApi from '#contracts/operations/installations';
import * as usageApi from '#contracts/operations/usage';
import { gigabyteMonths } from '#contracts/stored-object';

import { connect } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { UsageError } from '../failure.ts';
import { call } from '../http.ts';
import { findInstallation } from '../installation.ts';
import { bytes, duration, money, printFields, printJson, printLine, printTable } from '../output.ts';

export async function usage(this: Context, { json }: JsonFlag): Promise<void> {
  const summary = await call(usageApi.get, {}, await connect(this.process.env));
  if (json) return printJson(this.process, summary);
  const { totals } = summary;
  printFields(this.process, {
    month: `${summary.period} (UTC)`,
    limit: money(summary.limitNanos),
    spent: money(summary.settledNanos),
    reserved: money(summary.reservedNanos),
    available: money(summary.availableNanos),
    runs: summary.runs,
    CPU: duration(totals.cpuUs / 1_000),
    'wall time': duration(totals.wallUs / 1_000),
    output: bytes(totals.outputBytes),
    ...Object.fromEntries(Object.entries(totals.meters).map(([name, amount]) => [`meter ${name}`, amount])),
    ...Object.fromEntries(
      summary.storage.map(({ kind, storedBytes, byteSeconds }) => [
        `stored ${kind}s`,
        `${bytes(storedBytes)} now, ${gigabyteMonths(byteSeconds)} GB-months so far (not charged)`,
      ]),
    ),
    ledger: `${summary.ledgerSeq} entries, ${summary.flushedSeq} in the analytics store`,
  });
}

export async function showBudget(this: Context, { json }: JsonFlag): Promise<void> {
  const budget = await call(usageApi.getBudget, {}, await connect(this.process.env));
  if (json) return printJson(this.process, budget);
  printFields(this.process, {
    'limit a month': money(budget.limitNanos),
    set: budget.updatedAt ?? 'never: nothing runs',
  });
}

export async function changeBudget(this: Context, { json }: JsonFlag, dollars: string): Promise<void> {
  const limitNanos = nanosOfDollars(dollars);
  const budget = await call(usageApi.setBudget, { body: { limitNanos } }, await connect(this.process.env));
  if (json) return printJson(this.process, budget);
  printLine(this.process, `At most ${money(budget.limitNanos)} a calendar month (UTC).`);
}

/** Exactly: no float ever holds money. */
export function nanosOfDollars(text: string): string {
  const [, whole, fraction = ''] = /^\$?(\d{1,9})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (whole === undefined) throw new UsageError(`${text} is no amount: expected US dollars such as 25 or 0.50`);
  return BigInt(whole + fraction.padEnd(9, '0')).toString();
}

export async function cost(this: Context, { json }: JsonFlag, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const preview = await call(
    installationsApi.cost,
    { params: { id: (await findInstallation(connection, which)).id } },
    connection,
  );
  if (json) return printJson(this.process, preview);
  printLine(
    this.process,
    `A run of ${preview.capsule} ${preview.version} costs at most ${money(preview.ceilingNanos)}, which is reserved before it starts.\n`,
  );
  printTable(
    this.process,
    ['for', 'unit', 'price of one', 'at most'],
    preview.lines.map((line) => [line.meter ?? line.item, line.unit, money(line.unitNanos), money(line.ceilingNanos)]),
  );
}
