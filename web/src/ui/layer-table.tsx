import type { PublishedLayer } from '#contracts/api/layers';

import { bytes, day, whole } from '../messages/format.ts';
import { m } from '../messages/index.ts';

export function LayerTable({ layers }: { layers: readonly PublishedLayer[] }) {
  const { digest: digestTitle, runtime: runtimeTitle, files: filesTitle, size, published } = m.layers.columns;
  return (
    <table className="rows">
      <thead>
        <tr>
          <th scope="col">{digestTitle}</th>
          <th scope="col">{runtimeTitle}</th>
          <th scope="col" className="hidden sm:table-cell">
            {published}
          </th>
          <th scope="col" className="number hidden sm:table-cell">
            {filesTitle}
          </th>
          <th scope="col" className="number">
            {size}
          </th>
        </tr>
      </thead>
      <tbody>
        {layers.map(({ id, digest, runtime, files, sizeBytes, publishedAt }) => (
          <tr key={id}>
            <td className="figures text-xs break-all">{digest}</td>
            <td className="whitespace-nowrap">{m.capsule.runtime(runtime)}</td>
            <td className="hidden whitespace-nowrap text-ink-2 sm:table-cell">{day(publishedAt)}</td>
            <td className="figures number hidden sm:table-cell">{whole(files)}</td>
            <td className="figures number whitespace-nowrap">{bytes(sizeBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
