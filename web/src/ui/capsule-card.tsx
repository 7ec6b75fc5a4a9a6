import { Link } from '@tanstack/react-router';

import type { CapsuleListing } from '#contracts/api/capsules';

import { plainText } from '../features/plain-text.ts';
import { m } from '../messages/index.ts';
import { PermissionTags } from './permission-tags.tsx';
import { Price } from './price.tsx';
import { Seal } from './seal.tsx';
import { VerifiedTag } from './verified-tag.tsx';

export function CapsuleCard({ listing }: { listing: CapsuleListing }) {
  const { publisher, slug } = listing;
  return (
    <li className="card">
      <div className="flex items-center gap-3">
        <Seal digest={listing.latestDigest} />
        <div className="min-w-0">
          <h2 className="truncate text-base leading-5">
            <Link to="/capsules/$publisher/$slug" params={{ publisher, slug }} className="card-link">
              {listing.title}
            </Link>
          </h2>
          <p className="flex items-center gap-2 text-sm text-ink-3">
            <span className="truncate">{listing.name}</span>
            {listing.isPublisherVerified && <VerifiedTag />}
          </p>
        </div>
        <span className="figures ml-auto self-start text-xs text-ink-3">{listing.latestVersion}</span>
      </div>
      <p className="line-clamp-3 text-sm text-ink-2 sm:min-h-15">{plainText(listing.description)}</p>
      <div className="mt-auto flex flex-wrap gap-1.5">
        <PermissionTags permissions={listing.permissions} />
      </div>
      <div className="figures flex justify-between gap-5 border-t border-line pt-2.5 text-xs text-ink-2">
        <span>{listing.latestVersion === null ? m.capsule.retired : m.capsule.runtime(listing.runtime)}</span>
        <Price perRunNanos={listing.perRunNanos} />
      </div>
    </li>
  );
}
