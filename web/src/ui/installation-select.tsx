import { useId } from 'react';

import type { Installation } from '#contracts/api/installations';

/** Chooses one of what is installed; with `anyOne` also none of it in particular. */
export function InstallationSelect({
  label,
  installations,
  anyOne,
}: {
  label: string;
  installations: readonly Installation[];
  anyOne?: string;
}) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <select id={id} name="installation" className="field">
        {anyOne !== undefined && <option value="">{anyOne}</option>}
        {installations.map((installation) => (
          <option key={installation.id} value={installation.id}>
            {installation.capsule}
          </option>
        ))}
      </select>
    </div>
  );
}
