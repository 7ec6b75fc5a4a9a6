import { useId, useState } from 'react';

import type { CreateApiKey } from '#contracts/api/api-keys';
import type { Permission } from '#contracts/permissions';

import { formText } from '../features/form-text.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from './failure-note.tsx';
import { TextField } from './text-field.tsx';

const LIFETIMES_DAYS = [7, 30, 90, 365];
const DEFAULT_DAYS = 90;

export function ApiKeyForm({
  grantable,
  isWorking,
  error,
  onSubmit,
}: {
  grantable: readonly Permission[];
  isWorking: boolean;
  error: Error | null;
  onSubmit: (request: CreateApiKey) => void;
}) {
  const [scopes, setScopes] = useState<readonly Permission[]>([]);
  const [isEmpty, setEmpty] = useState(false);
  const id = useId();
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    setEmpty(scopes.length === 0);
    if (scopes.length === 0) return;
    const form = new FormData(event.currentTarget);
    onSubmit({
      name: formText(form, 'name').trim(),
      scopes: [...scopes],
      expiresInDays: Number(formText(form, 'expires')),
    });
  }
  return (
    <form onSubmit={submit} className="space-y-4.5">
      <TextField
        label={m.apiKeys.name}
        name="name"
        hint={m.apiKeys.nameHint}
        maxLength={80}
        autoComplete="off"
        required
      />
      <div>
        <label htmlFor={id} className="mb-1 block text-sm font-medium">
          {m.apiKeys.expires}
        </label>
        <select id={id} name="expires" className="field" defaultValue={DEFAULT_DAYS}>
          {LIFETIMES_DAYS.map((days) => (
            <option key={days} value={days}>
              {m.apiKeys.days(days)}
            </option>
          ))}
        </select>
      </div>
      <Scopes grantable={grantable} scopes={scopes} onChange={setScopes} />
      {isEmpty && (
        <p role="alert" className="text-sm text-danger">
          {m.apiKeys.scopesNeeded}
        </p>
      )}
      {error && <FailureNote error={error} />}
      <button className="button button-primary w-full" disabled={isWorking}>
        {isWorking ? m.apiKeys.working : m.apiKeys.submit}
      </button>
    </form>
  );
}

function Scopes({
  grantable,
  scopes,
  onChange,
}: {
  grantable: readonly Permission[];
  scopes: readonly Permission[];
  onChange: (scopes: readonly Permission[]) => void;
}) {
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">
        {m.apiKeys.scopes} <span className="font-normal text-ink-3">{m.apiKeys.scopesHint}</span>
      </legend>
      <div className="gap-x-4 sm:columns-2">
        {grantable.map((permission) => (
          <label
            key={permission}
            className="figures flex min-h-8 min-w-0 break-inside-avoid items-center gap-2 text-xs"
          >
            <input
              type="checkbox"
              className="check"
              checked={scopes.includes(permission)}
              onChange={(event) =>
                onChange(event.target.checked ? [...scopes, permission] : scopes.filter((kept) => kept !== permission))
              }
            />
            <span className="min-w-0 truncate">{permission}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
