import type { TenantUsage } from '#contracts/api/usage';
import { gigabyteMonths } from '#contracts/stored-object';

import { bytes, duration, processorTime, whole } from '../messages/format.ts';
import { m } from '../messages/index.ts';

export function UsageTotals({ usage }: { usage: TenantUsage }) {
  const { totals, runs, ledgerSeq, flushedSeq } = usage;
  const names = m.run.usageFacts;
  const figures: readonly (readonly [name: string, value: string])[] = [
    [m.usage.runs, whole(runs)],
    [names.wall, duration(totals.wallUs / 1_000)],
    [names.cpu, processorTime(totals.cpuUs)],
    [names.input, bytes(totals.inputBytes)],
    [names.output, bytes(totals.outputBytes)],
    [names.egress, bytes(totals.egressBytes)],
    ...usage.storage.map(
      ({ kind, byteSeconds }) => [m.usage.stored[kind], m.usage.gigabyteMonths(gigabyteMonths(byteSeconds))] as const,
    ),
    ...Object.entries(totals.meters).map(([name, quantity]) => [name, whole(quantity)] as const),
  ];
  return (
    <section>
      <h2 className="mb-3 text-base">{m.usage.totals}</h2>
      <dl className="figure-grid">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt className="text-sm text-ink-3">{name}</dt>
            <dd className="figures mt-1 text-lg">{value}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-3 text-sm text-ink-2">{m.usage.ledger(flushedSeq, ledgerSeq)}</p>
    </section>
  );
}
