import { Link } from '@tanstack/react-router';

import type { CapsuleListing } from '#contracts/api/capsules';

import { day } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { Price } from './price.tsx';

export function CapsuleTable({ listings }: { listings: readonly CapsuleListing[] }) {
  const { capsule, version, price, changed } = m.ownCapsules.columns;
  return (
    <table className="rows">
      <thead>
        <tr>
          <th scope="col">{capsule}</th>
          <th scope="col">{version}</th>
          <th scope="col" className="hidden sm:table-cell">
            {changed}
          </th>
          <th scope="col" className="number">
            {price}
          </th>
        </tr>
      </thead>
      <tbody>
        {listings.map(({ id, title, name, publisher, slug, latestVersion, perRunNanos, updatedAt }) => (
          <tr key={id}>
            <td>
              <Link
                to="/capsules/$publisher/$slug"
                params={{ publisher, slug }}
                className="font-medium hover:underline"
              >
                {title}
              </Link>
              <span className="block text-xs text-ink-3">{name}</span>
            </td>
            <td className="figures text-xs">{latestVersion ?? m.ownCapsules.noVersion}</td>
            <td className="hidden whitespace-nowrap text-ink-2 sm:table-cell">{day(updatedAt)}</td>
            <td className="figures number whitespace-nowrap">
              <Price perRunNanos={perRunNanos} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
