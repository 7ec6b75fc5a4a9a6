import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useDeferredValue, useState } from 'react';

import type { CapsuleListing } from '#contracts/api/capsules';

import { capsuleSuggestions } from '../api/capsules.ts';
import type { Page } from '../features/pages.ts';
import { m } from '../messages/index.ts';
import { Seal } from '../ui/seal.tsx';

type Destination =
  | { readonly kind: 'page'; readonly label: string; readonly to: Page['to'] }
  | { readonly kind: 'capsule'; readonly label: string; readonly listing: CapsuleListing };

interface PaletteProps {
  readonly pages: readonly Page[];
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/** Jump to a page or a capsule by typing some of its name. */
export default function Palette(props: PaletteProps) {
  return (
    <Dialog.Root open={props.isOpen} onOpenChange={props.onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-scrim" />
        <Dialog.Popup
          aria-label={m.shell.search}
          className="rise-in fixed inset-x-4 top-[12dvh] mx-auto max-w-xl overflow-hidden rounded-lg border border-line bg-surface shadow-[0_24px_64px_var(--shadow)]"
        >
          <Destinations {...props} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Destinations({ pages: allPages, onOpenChange }: PaletteProps) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const { data } = useQuery({
    ...capsuleSuggestions(useDeferredValue(typed.trim())),
    placeholderData: keepPreviousData,
  });
  const pages: Destination[] = allPages.map(({ to, label }) => ({
    kind: 'page',
    to,
    label,
  }));
  const capsules: Destination[] = (data?.items ?? []).map((listing) => ({
    kind: 'capsule',
    label: listing.name,
    listing,
  }));
  const go = (destination: Destination) => {
    onOpenChange(false);
    if (destination.kind === 'page') return void navigate({ to: destination.to });
    const { publisher, slug } = destination.listing;
    return void navigate({ to: '/capsules/$publisher/$slug', params: { publisher, slug } });
  };
  return (
    <Autocomplete.Root
      items={[...pages.filter(({ label }) => label.toLowerCase().includes(typed.trim().toLowerCase())), ...capsules]}
      filter={null}
      value={typed}
      onValueChange={setTyped}
      open
      inline
      autoHighlight="always"
      itemToStringValue={({ label }: Destination) => label}
    >
      <div className="flex items-center gap-3 border-b border-line px-4">
        <Search aria-hidden className="size-4 text-ink-3" />
        <Autocomplete.Input
          aria-label={m.shell.search}
          placeholder={m.palette.placeholder}
          className="h-12 w-full bg-transparent text-base outline-none placeholder:text-ink-3"
        />
      </div>
      <Autocomplete.Empty className="px-4 py-6 text-sm text-ink-2 empty:hidden">{m.palette.none}</Autocomplete.Empty>
      <Autocomplete.List className="max-h-[50dvh] overflow-y-auto p-1.5 empty:p-0">
        {(destination: Destination) => (
          <Autocomplete.Item
            key={destination.label}
            value={destination}
            onClick={() => go(destination)}
            className="flex min-h-9 items-center gap-3 rounded-md px-2.5 py-1.5 text-sm data-[highlighted]:bg-accent-soft"
          >
            <DestinationRow destination={destination} />
          </Autocomplete.Item>
        )}
      </Autocomplete.List>
    </Autocomplete.Root>
  );
}

function DestinationRow({ destination }: { destination: Destination }) {
  if (destination.kind === 'page')
    return (
      <>
        <span className="font-medium">{destination.label}</span>
        <span className="ml-auto text-xs text-ink-3">{m.palette.page}</span>
      </>
    );
  const { latestDigest, slug, publisher, latestVersion } = destination.listing;
  return (
    <>
      <Seal digest={latestDigest} size={22} />
      <span className="font-medium">{slug}</span>
      <span className="text-ink-3">{publisher}</span>
      <span className="figures ml-auto text-xs text-ink-3">{latestVersion}</span>
    </>
  );
}
