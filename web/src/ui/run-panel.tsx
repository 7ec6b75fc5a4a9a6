import { ArrowDownToLine, Square } from 'lucide-react';
import { useState, useSyncExternalStore } from 'react';

import type { LogStore } from '../features/log-store.ts';
import type { RunFeed, RunView } from '../features/run-feed.ts';
import { percent } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { LogView } from './log-view.tsx';
import { StateTag } from './state-tag.tsx';

/** A run as it goes: its state, its progress, and what it writes. Without a feed, the place where that will be. */
export function RunPanel({
  feed,
  isCancelling,
  onCancel,
}: {
  feed: RunFeed | undefined;
  isCancelling: boolean;
  /** Undefined where one may only watch. */
  onCancel: (() => void) | undefined;
}) {
  return (
    <section
      aria-label={m.run.section}
      className="flex h-[22rem] min-w-0 flex-col overflow-hidden rounded-lg border border-line lg:h-[27rem]"
    >
      {feed ? (
        <LivePanel key={feed.number} feed={feed} isCancelling={isCancelling} onCancel={onCancel} />
      ) : (
        <>
          <p className="flex h-12 items-center border-b border-line bg-surface px-4 text-sm text-ink-3">
            {m.run.notStarted}
          </p>
          <p className="grid flex-1 place-items-center bg-sunken p-6 text-sm text-ink-2">{m.run.empty}</p>
        </>
      )}
    </section>
  );
}

function LivePanel({
  feed,
  isCancelling,
  onCancel,
}: {
  feed: RunFeed;
  isCancelling: boolean;
  onCancel: (() => void) | undefined;
}) {
  const view = useSyncExternalStore(feed.subscribe, feed.view);
  const [isFollowing, setFollowing] = useState(true);
  const isRunning = view.phase === 'live' || view.phase === 'interrupted';
  return (
    <>
      <div className="flex min-h-12 flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-surface px-4 py-1.5 text-sm">
        <output>
          <Phase view={view} />
        </output>
        <LineCount log={feed.log} />
        <div className="ml-auto flex items-center gap-1">
          {isRunning && onCancel && (
            <button type="button" className="button button-quiet px-2" disabled={isCancelling} onClick={onCancel}>
              <Square aria-hidden className="size-3.5" />
              {isCancelling ? m.run.cancelling : m.run.cancel}
            </button>
          )}
          {view.phase !== 'ended' && (
            <button
              type="button"
              aria-pressed={isFollowing}
              onClick={() => setFollowing(!isFollowing)}
              className="button button-quiet px-2 aria-pressed:text-accent"
            >
              <ArrowDownToLine aria-hidden className="size-4" />
              {m.run.follow}
            </button>
          )}
        </div>
      </div>
      {view.progress && view.phase !== 'ended' && <Progress {...view.progress} />}
      <div className="min-h-0 flex-1">
        <Output feed={feed} hasEnded={view.phase === 'ended'} isFollowing={isFollowing} onFollow={setFollowing} />
      </div>
    </>
  );
}

function Phase({ view: { phase, outcome } }: { view: RunView }) {
  if (outcome) return <StateTag state={outcome.state} />;
  if (phase === 'live') return <StateTag state="running" />;
  if (phase === 'interrupted') return <span className="tag tag-warn">{m.run.interrupted}</span>;
  if (phase === 'failed') return <span className="tag tag-danger">{m.failure.title}</span>;
  return <span className="text-ink-2">{m.run.connecting}</span>;
}

function LineCount({ log }: { log: LogStore }) {
  useSyncExternalStore(log.subscribe, log.version);
  return <span className="figures hidden text-xs text-ink-2 sm:inline">{m.run.lines(log.lines.length)}</span>;
}

function Progress({ fraction, message }: { fraction: number; message: string | undefined }) {
  return (
    <div className="flex items-center gap-4 border-b border-line bg-surface px-4 py-2 text-sm">
      <progress aria-label={m.run.progress} className="progress" max={1} value={fraction} />
      <span className="figures text-xs text-ink-2">{percent(fraction)}</span>
      {message && <span className="min-w-0 truncate text-ink-2">{message}</span>}
    </div>
  );
}

function Output({
  feed,
  hasEnded,
  isFollowing,
  onFollow,
}: {
  feed: RunFeed;
  hasEnded: boolean;
  isFollowing: boolean;
  onFollow: (isFollowing: boolean) => void;
}) {
  useSyncExternalStore(feed.log.subscribe, feed.log.version);
  if (feed.log.lines.length === 0)
    return (
      <p className="grid h-full place-items-center bg-sunken p-6 text-sm text-ink-2">
        {hasEnded ? m.run.quiet : m.run.empty}
      </p>
    );
  return <LogView store={feed.log} isFollowing={isFollowing} onFollow={onFollow} />;
}
