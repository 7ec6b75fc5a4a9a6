import { useId } from 'react';

import { RunState } from '#contracts/run';

import type { RunFilter } from '../api/runs.ts';
import { m } from '../messages/index.ts';

export function RunFilters({
  filter,
  capsules,
  onChange,
}: {
  filter: RunFilter;
  capsules: readonly string[];
  onChange: (change: RunFilter) => void;
}) {
  const options = [...new Set([...capsules, ...(filter.capsule ? [filter.capsule] : [])])].toSorted();
  return (
    <div className="mb-5 flex flex-wrap gap-4">
      <Filter
        label={m.runs.filterState}
        all={m.runs.allStates}
        value={filter.state}
        options={RunState.options.map((state) => [state, m.run.state(state)])}
        onChange={(value) => onChange({ state: RunState.safeParse(value).data })}
      />
      <Filter
        label={m.runs.filterCapsule}
        all={m.runs.allCapsules}
        value={filter.capsule}
        options={options.map((name) => [name, name])}
        onChange={(value) => onChange({ capsule: value || undefined })}
      />
    </div>
  );
}

function Filter({
  label,
  all,
  value,
  options,
  onChange,
}: {
  label: string;
  all: string;
  value: string | undefined;
  options: readonly (readonly [value: string, label: string])[];
  onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div className="flex items-center gap-2.5 text-sm">
      <label htmlFor={id} className="text-ink-2">
        {label}
      </label>
      <select
        id={id}
        className="field max-w-64 min-w-40 text-sm"
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value)}
      >
        <option value="">{all}</option>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
