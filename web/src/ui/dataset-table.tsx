import type { Dataset } from '#contracts/api/datasets';

import { bytes, whole } from '../messages/format.ts';
import { m } from '../messages/index.ts';
import { Time } from './time.tsx';

export function DatasetTable({
  datasets,
  onShow,
}: {
  datasets: readonly Dataset[];
  onShow: (dataset: Dataset) => void;
}) {
  const { dataset: title, rows, runs, size, changed } = m.kept.columns;
  return (
    <table className="rows">
      <thead>
        <tr>
          <th scope="col">{title}</th>
          <th scope="col" className="hidden sm:table-cell">
            {changed}
          </th>
          <th scope="col" className="number">
            {rows}
          </th>
          <th scope="col" className="number">
            {runs}
          </th>
          <th scope="col" className="number">
            {size}
          </th>
        </tr>
      </thead>
      <tbody>
        {datasets.map((dataset) => (
          <tr key={dataset.name}>
            <td>
              <button
                type="button"
                className="link figures text-xs wrap-anywhere"
                aria-label={m.kept.rowsOf(dataset.name)}
                onClick={() => onShow(dataset)}
              >
                {dataset.name}
              </button>
            </td>
            <td className="hidden text-ink-2 sm:table-cell">
              <Time iso={dataset.updatedAt} />
            </td>
            <td className="figures number">{whole(dataset.rows)}</td>
            <td className="figures number">{whole(dataset.runs)}</td>
            <td className="figures number whitespace-nowrap">{bytes(dataset.sizeBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
