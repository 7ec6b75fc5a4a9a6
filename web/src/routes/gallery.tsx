import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useDeferredValue, useEffect, useState } from 'react';

import { capsulePages } from '../api/capsules.ts';
import { m } from '../messages/index.ts';
import { CapsuleCard } from '../ui/capsule-card.tsx';
import { EmptyNote } from '../ui/empty-note.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { MoreButton } from '../ui/more-button.tsx';
import { CardsSkeleton } from '../ui/skeleton.tsx';

const route = getRouteApi('/');
const TYPING_PAUSE_MS = 200;

export function Gallery() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const filter = useDeferredValue(search);
  const pages = useInfiniteQuery({ ...capsulePages(filter), placeholderData: keepPreviousData });
  const isFiltered = Boolean(filter.q ?? filter.category);
  return (
    <>
      <title>{m.shell.name}</title>
      <div className="max-w-2xl">
        <h1 className="text-xl sm:text-2xl">{m.gallery.title}</h1>
        <p className="mt-1.5 text-ink-2">{m.gallery.lead}</p>
      </div>
      <SearchBox
        value={search.q ?? ''}
        onSearch={(q) => void navigate({ search: (old) => ({ ...old, q: q || undefined }), replace: true })}
      />
      <Loaded
        query={pages}
        skeleton={<CardsSkeleton />}
        isEmpty={({ pages: [first] }) => first?.items.length === 0}
        empty={<EmptyNote>{isFiltered ? m.gallery.none : m.gallery.empty}</EmptyNote>}
      >
        {({ pages: loaded }) => {
          const listings = loaded.flatMap(({ items }) => items);
          return (
            <>
              <output className="figures mb-3 block text-sm text-ink-3">
                {m.gallery.results(listings.length, !pages.hasNextPage)}
              </output>
              <ul className="card-grid">
                {listings.map((listing) => (
                  <CapsuleCard key={listing.id} listing={listing} />
                ))}
              </ul>
              <MoreButton query={pages} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}

/** What is typed is searched after a pause; the address follows, so that a search can be shared. */
function SearchBox({ value, onSearch }: { value: string; onSearch: (q: string) => void }) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (value !== known) {
    setKnown(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed.trim() === value) return undefined;
    const timer = setTimeout(() => onSearch(typed.trim()), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, value, onSearch]);
  return (
    <div className="relative mt-6 mb-4 lg:mt-8">
      <Search aria-hidden className="pointer-events-none absolute top-2.5 left-3 size-4 text-ink-3" />
      <input
        type="search"
        aria-label={m.gallery.search}
        placeholder={m.gallery.search}
        value={typed}
        maxLength={200}
        onChange={(event) => setTyped(event.target.value)}
        className="field pl-9"
      />
    </div>
  );
}
