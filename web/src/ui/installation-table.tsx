import { Link } from '@tanstack/react-router';
import { Play, Settings, Trash2 } from 'lucide-react';

import type { Installation } from '#contracts/api/installations';

import { day } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { PermissionTags } from './permission-tags.tsx';

export function InstallationTable({
  installations,
  mayRun,
  onRemove,
}: {
  installations: readonly Installation[];
  mayRun: boolean;
  onRemove: ((installation: Installation) => void) | undefined;
}) {
  return (
    <ul className="divide-y divide-line border-y border-line">
      {installations.map((installation) => (
        <li
          key={installation.id}
          className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-6 gap-y-2 py-3.5 md:grid-cols-[minmax(0,1.2fr)_minmax(0,1.4fr)_8rem_auto]"
        >
          <div className="min-w-0">
            <Link
              to="/installations/$installation"
              params={{ installation: installation.id }}
              className="block truncate font-medium hover:underline"
            >
              {installation.capsule}
            </Link>
            <span className="figures text-xs text-ink-3">{installation.range}</span>
          </div>
          <div className="order-last col-span-2 flex flex-wrap gap-1.5 md:order-none md:col-span-1">
            <PermissionTags permissions={installation.approved} />
          </div>
          <span className="hidden text-sm text-ink-3 md:block">{day(installation.createdAt)}</span>
          <div className="flex gap-2">
            {mayRun && (
              <Link
                to="/installations/$installation"
                params={{ installation: installation.id }}
                aria-label={m.installations.runNamed(installation.capsule)}
                className="button"
              >
                <Play aria-hidden className="size-4" />
                {m.installations.run}
              </Link>
            )}
            <Link
              to="/installations/$installation/settings"
              params={{ installation: installation.id }}
              aria-label={m.settings.openNamed(installation.capsule)}
              className="button button-quiet px-2"
            >
              <Settings aria-hidden className="size-4" />
            </Link>
            {onRemove && (
              <button
                type="button"
                className="button button-quiet px-2"
                aria-label={m.installations.removeNamed(installation.capsule)}
                onClick={() => onRemove(installation)}
              >
                <Trash2 aria-hidden className="size-4" />
              </button>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}
