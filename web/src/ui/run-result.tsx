import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import type { Run, Usage } from '#contracts/run';

import type { RunView } from '../features/run-feed.ts';
import { bytes, duration, money, processorTime, whole } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { CopyButton } from './copy-button.tsx';
import { Fact, Facts } from './facts.tsx';

/** Why a run ended as the panel above says, what it gave, what it used and cost; beside it, its receipt. */
export function RunResult({
  view,
  run,
  children,
}: {
  view: Pick<RunView, 'outcome' | 'usage' | 'output'>;
  run: Run;
  children: ReactNode;
}) {
  const outcome = view.outcome;
  const usage = run.usage ?? view.usage;
  return (
    <div className="grid gap-x-10 gap-y-8 xl:grid-cols-[minmax(0,1fr)_22rem]">
      <div className="min-w-0 space-y-8">
        {outcome && (
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1.5 text-sm">
            <span className="figures text-xs text-ink-3">{outcome.cause}</span>
            <span className="text-ink-2">{outcome.detail}</span>
            {outcome.retryAfterS !== undefined && (
              <span className="text-ink-2">{m.run.retryAfter(outcome.retryAfterS)}</span>
            )}
            {outcome.cause === 'budget_exhausted' && (
              <Link to="/usage" className="link">
                {m.usage.setBudget}
              </Link>
            )}
          </p>
        )}
        <Output output={run.output ?? view.output} />
      </div>
      <div className="min-w-0 space-y-8">
        {usage && <UsageFacts usage={usage} amountNanos={run.amountNanos} />}
        {children}
      </div>
    </div>
  );
}

function Output({ output }: { output: unknown }) {
  if (output === undefined || output === null) return <p className="text-sm text-ink-3">{m.run.noResult}</p>;
  const text = typeof output === 'string' ? output : JSON.stringify(output, null, 2);
  return (
    <section>
      <div className="mb-2 flex items-center justify-between gap-4">
        <h2 className="text-base">{m.run.result}</h2>
        <CopyButton text={text} />
      </div>
      <pre
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrollable region must be reachable by keyboard
        tabIndex={0}
        aria-label={m.run.result}
        className="figures max-h-[28rem] overflow-auto rounded-md border border-line bg-sunken p-4 text-xs whitespace-pre-wrap wrap-anywhere"
      >
        {text}
      </pre>
    </section>
  );
}

function UsageFacts({ usage, amountNanos }: { usage: Usage; amountNanos: string | null }) {
  const names = m.run.usageFacts;
  const figures: readonly (readonly [term: string, figure: string])[] = [
    [names.cost, amountNanos === null ? names.pendingCost : money(amountNanos)],
    [names.wall, duration(usage.wallUs / 1_000)],
    [names.cpu, processorTime(usage.cpuUs)],
    [names.memory, bytes(usage.memoryPeakBytes)],
    [names.input, bytes(usage.inputBytes)],
    [names.output, bytes(usage.outputBytes)],
    [names.egress, bytes(usage.egressBytes)],
    ...Object.entries(usage.meters).map(([name, quantity]) => [name, whole(quantity)] as const),
  ];
  return (
    <section>
      <h2 className="mb-2 text-base">{m.run.usage}</h2>
      <Facts>
        {figures.map(([term, figure]) => (
          <Fact key={term} term={term}>
            <span className="figures">{figure}</span>
          </Fact>
        ))}
      </Facts>
    </section>
  );
}
