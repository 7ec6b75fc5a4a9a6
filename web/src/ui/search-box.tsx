import { Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

import { m } from '../messages/index.ts';

/** What is typed shows at once; the address follows it, so that a search can be shared and gone back to. */
export function SearchBox({ value, onSearch }: { value: string; onSearch: (typed: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(value);
  useEffect(() => {
    // While somebody types, the address lags behind them.
    if (document.activeElement !== input.current) setTyped(value);
  }, [value]);
  return (
    <div className="relative min-w-0 flex-1 basis-72">
      <Search aria-hidden className="pointer-events-none absolute top-2.5 left-3 size-4 text-ink-3" />
      <input
        ref={input}
        type="search"
        aria-label={m.gallery.search}
        placeholder={m.gallery.search}
        value={typed}
        maxLength={200}
        onChange={({ target }) => {
          setTyped(target.value);
          onSearch(target.value);
        }}
        className="field pl-9"
      />
    </div>
  );
}
