import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { type CapsuleFilter, capsulePages } from '../api/capsules.ts';
import { useSettled } from '../features/settled.ts';
import { m } from '../messages/index.ts';
import { CapsuleCard } from '../ui/capsule-card.tsx';
import { CategoryChip } from '../ui/category-chip.tsx';
import { EmptyNote } from '../ui/empty-note.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { MoreButton } from '../ui/more-button.tsx';
import { SearchBox } from '../ui/search-box.tsx';
import { CardsSkeleton } from '../ui/skeleton.tsx';

const route = getRouteApi('/');
const TYPING_PAUSE_MS = 200;

export function Gallery() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const q = useSettled(search.q?.trim(), TYPING_PAUSE_MS);
  const { category } = search;
  const pages = useInfiniteQuery({ ...capsulePages({ q, category }), placeholderData: keepPreviousData });
  const change = (part: CapsuleFilter) => void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  return (
    <>
      <title>{m.shell.name}</title>
      <div className="max-w-2xl">
        <h1 className="text-xl sm:text-2xl">{m.gallery.title}</h1>
        <p className="mt-1.5 text-ink-2">{m.gallery.lead}</p>
      </div>
      <div className="mt-6 mb-4 flex flex-wrap items-center gap-3 lg:mt-8">
        <SearchBox value={search.q ?? ''} onSearch={(typed) => change({ q: typed || undefined })} />
        {category && <CategoryChip category={category} onRemove={() => change({ category: undefined })} />}
      </div>
      <Loaded
        query={pages}
        skeleton={<CardsSkeleton />}
        isEmpty={({ pages: [first] }) => first?.items.length === 0}
        empty={<EmptyNote>{(q ?? category) ? m.gallery.none : m.gallery.empty}</EmptyNote>}
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
