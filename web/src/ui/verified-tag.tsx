import { BadgeCheck } from 'lucide-react';

import { m } from '../messages/index.ts';

/** An operator of the platform has verified who the publisher is; of one that nobody has verified, nothing is said. */
export function VerifiedTag() {
  return (
    <span className="inline-flex items-center gap-1 align-middle text-xs text-ink-2" title={m.capsule.verifiedTitle}>
      <BadgeCheck aria-hidden className="size-3.5" />
      {m.capsule.verified}
    </span>
  );
}
