import { ShieldAlert, ShieldCheck } from 'lucide-react';

import { m } from '../messages/index.ts';
import { PermissionText } from './permission-text.tsx';

/** What a release may touch: the first thing to know of it, and the loudest. */
export function Touches({ permissions }: { permissions: readonly string[] }) {
  const isHarmless = permissions.length === 0;
  const Icon = isHarmless ? ShieldCheck : ShieldAlert;
  return (
    <section
      className={
        isHarmless
          ? 'self-start rounded-lg bg-accent-soft p-4 text-accent'
          : 'self-start rounded-lg bg-warn-soft p-4 text-warn'
      }
    >
      <h2 className="flex items-center gap-2 text-base">
        <Icon aria-hidden className="size-4.5" />
        {isHarmless ? m.capsule.noPermissions : m.capsule.mayTouch}
      </h2>
      {isHarmless ? (
        <p className="mt-1 text-sm text-ink-2">{m.permission.none}</p>
      ) : (
        <ul className="mt-2.5 space-y-2.5 text-ink">
          {permissions.map((permission) => (
            <li key={permission}>
              <PermissionText permission={permission} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
