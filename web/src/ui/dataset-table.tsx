import type { Dataset } from '#contracts/api/datasets';

import { bytes, day, whole } from '../messages/format.ts';
import { m } from '../messages/index.ts';

interface Actions {
  readonly mayChange: boolean;
  readonly onShow: (dataset: Dataset) => void;
  readonly onKeep: (dataset: Dataset) => void;
  readonly onRemove: (dataset: Dataset) => void;
}

export function DatasetTable({ datasets, ...actions }: { datasets: readonly Dataset[] } & Actions) {
  const { dataset: title, rows, runs, size, expires } = m.kept.columns;
  return (
    <div className="relative overflow-x-auto">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">{title}</th>
            <th scope="col" className="hidden sm:table-cell">
              {expires}
            </th>
            <th scope="col" className="number hidden sm:table-cell">
              {runs}
            </th>
            <th scope="col" className="number">
              {rows}
            </th>
            <th scope="col" className="number">
              {size}
            </th>
            <th scope="col">
              <span className="sr-only">{m.kept.deletion}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {datasets.map((dataset) => (
            <Row key={dataset.name} dataset={dataset} {...actions} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ dataset, mayChange, onShow, onKeep, onRemove }: { dataset: Dataset } & Actions) {
  const { name, rows, runs, lostRuns, sizeBytes, expiresAt } = dataset;
  return (
    <tr>
      <td>
        <button
          type="button"
          className="link figures text-xs wrap-anywhere"
          aria-label={m.kept.rowsOf(name)}
          onClick={() => onShow(dataset)}
        >
          {name}
        </button>
        {lostRuns > 0 && <p className="text-xs text-danger">{m.kept.lost(lostRuns)}</p>}
      </td>
      <td className="hidden whitespace-nowrap text-ink-2 sm:table-cell">
        {expiresAt === null ? m.kept.never : day(expiresAt)}
      </td>
      <td className="figures number hidden sm:table-cell">{whole(runs)}</td>
      <td className="figures number">{whole(rows)}</td>
      <td className="figures number whitespace-nowrap">{bytes(sizeBytes)}</td>
      <td className="number whitespace-nowrap">
        <button
          type="button"
          className="button button-quiet px-2"
          aria-label={m.kept.keepNamed(name)}
          disabled={!mayChange}
          onClick={() => onKeep(dataset)}
        >
          {m.kept.keep}
        </button>
        <button
          type="button"
          className="button button-quiet button-danger px-2"
          aria-label={m.kept.deleteNamed(name)}
          disabled={!mayChange}
          onClick={() => onRemove(dataset)}
        >
          {m.kept.deletion}
        </button>
      </td>
    </tr>
  );
}
