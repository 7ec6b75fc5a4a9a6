import { money } from '../messages/format.ts';
import { m } from '../messages/index.ts';

/** The publisher's price of a run, exact; nothing is free because it is small. */
export function Price({ perRunNanos }: { perRunNanos: string | null }) {
  const isFree = perRunNanos === null || BigInt(perRunNanos) === 0n;
  return <span className="text-ink">{isFree ? m.capsule.free : `${money(perRunNanos)} ${m.capsule.aRun}`}</span>;
}
