import { type RefObject, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react';

import { parseAnsi } from '../features/ansi.ts';
import type { LogLine, LogStore } from '../features/log-store.ts';
import { m } from '../messages/index.ts';

const ROW_HEIGHT_PX = 20;
const OVERSCAN_ROWS = 12;
const NEAR_END_PX = ROW_HEIGHT_PX * 3;

/** A window over any number of lines. All rows are one height, so finding the visible ones is a division. */
export function LogView({
  store,
  isFollowing,
  onFollow,
}: {
  store: LogStore;
  isFollowing: boolean;
  onFollow: (isFollowing: boolean) => void;
}) {
  useSyncExternalStore(store.subscribe, store.version);
  const box = useRef<HTMLDivElement>(null);
  const [topPx, setTopPx] = useState(0);
  const heightPx = useHeight(box);
  const count = store.lines.length;

  useLayoutEffect(() => {
    if (isFollowing && box.current) box.current.scrollTop = count * ROW_HEIGHT_PX;
  }, [count, isFollowing]);

  const first = Math.max(0, Math.floor(topPx / ROW_HEIGHT_PX) - OVERSCAN_ROWS);
  const last = Math.min(count, Math.ceil((topPx + heightPx) / ROW_HEIGHT_PX) + OVERSCAN_ROWS);
  return (
    <div
      ref={box}
      role="log"
      aria-live="off"
      aria-label={m.run.output(count)}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrollable region must be reachable by keyboard
      tabIndex={0}
      className="log relative h-full"
      onScroll={({ currentTarget: el }) => {
        setTopPx(el.scrollTop);
        if (isFollowing && el.scrollHeight - el.scrollTop - el.clientHeight > NEAR_END_PX) onFollow(false);
      }}
    >
      <div className="relative w-max min-w-full" style={{ height: count * ROW_HEIGHT_PX }}>
        {store.lines.slice(first, last).map((line, i) => (
          <Row key={first + i} line={line} number={first + i + 1} text={line.text} />
        ))}
      </div>
    </div>
  );
}

/** `text` is passed by itself, because an open line changes in place. */
function Row({ line, number, text }: { line: LogLine; number: number; text: string }) {
  return (
    <div className={`log-row log-${line.source}`} style={{ top: (number - 1) * ROW_HEIGHT_PX }}>
      <span aria-hidden className="log-no">
        {number}
      </span>
      <span>
        {parseAnsi(text).map((span, i) => (
          <span key={i} className={span.classes}>
            {span.text}
          </span>
        ))}
      </span>
    </div>
  );
}

const FIRST_GUESS_PX = 600;

function useHeight(box: RefObject<HTMLDivElement | null>): number {
  const [heightPx, setHeightPx] = useState(FIRST_GUESS_PX);
  useEffect(() => {
    const el = box.current;
    if (!el) return undefined;
    const observer = new ResizeObserver(() => setHeightPx(el.clientHeight));
    observer.observe(el);
    return () => observer.disconnect();
  }, [box]);
  return heightPx;
}
