import type { TenantUsage } from '#contracts/api/usage';

import { money } from '../messages/format.ts';
import { m } from '../messages/index.ts';

/** What is spent, what running runs hold back, and what is left of the month's limit. */
export function Spending({ usage }: { usage: TenantUsage }) {
  const { limitNanos, settledNanos, reservedNanos, availableNanos } = usage;
  const hasBudget = BigInt(limitNanos) > 0n;
  return (
    <section>
      <p className="figures text-2xl">{money(settledNanos)}</p>
      <p className="text-sm text-ink-2">
        {m.usage.spent} <span className="figures">{m.usage.ofLimit(money(limitNanos))}</span>
      </p>
      <SpendingBar settled={shareOf(settledNanos, limitNanos)} reserved={shareOf(reservedNanos, limitNanos)} />
      <dl className="mt-3 flex flex-wrap gap-x-8 gap-y-2 text-sm">
        <div className="flex items-baseline gap-2">
          <dt className="text-ink-3">{m.usage.reserved}</dt>
          <dd className="figures">{money(reservedNanos)}</dd>
        </div>
        <div className="flex items-baseline gap-2">
          <dt className="text-ink-3">{m.usage.available}</dt>
          <dd className="figures">{money(availableNanos)}</dd>
        </div>
      </dl>
      {!hasBudget && <p className="mt-4 rounded-md bg-warn-soft p-3.5 text-sm text-warn">{m.usage.noBudget}</p>}
    </section>
  );
}

function SpendingBar({ settled, reserved }: { settled: number; reserved: number }) {
  return (
    <div aria-hidden className="mt-4 flex h-2 overflow-hidden rounded-sm bg-sunken">
      <span className="bg-accent" style={{ width: `${settled * 100}%` }} />
      <span className="bg-warn" style={{ width: `${reserved * 100}%` }} />
    </div>
  );
}

/** For the width of a bar only; amounts are never floats. */
function shareOf(part: string, whole: string): number {
  const limit = Number(whole);
  return limit === 0 ? 0 : Math.min(1, Number(part) / limit);
}
