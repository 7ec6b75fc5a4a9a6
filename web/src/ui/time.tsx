import { instant } from '../messages/format.ts';

/** A moment, in the reader's own time zone. */
export function Time({ iso }: { iso: string }) {
  return (
    <time dateTime={iso} className="whitespace-nowrap">
      {instant(iso)}
    </time>
  );
}
