import { useId, useState } from 'react';

import type { JsonValue } from '#contracts/json';

import { m } from '../messages/index.ts';
import { parseJson } from './json-field.tsx';
import { StartFailure } from './start-failure.tsx';

export interface Rerun {
  readonly input: JsonValue;
  readonly isCurrent: boolean;
}

export function RerunForm({
  version,
  installation,
  input,
  isWorking,
  error,
  onSubmit,
}: {
  version: string;
  installation: string;
  input: JsonValue;
  isWorking: boolean;
  error: Error | null;
  onSubmit: (rerun: Rerun) => void;
}) {
  const id = useId();
  const [text, setText] = useState(() => JSON.stringify(input, null, 2));
  const [isCurrent, setCurrent] = useState(false);
  const edited = parseJson(text);
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    if (edited !== undefined) onSubmit({ input: edited, isCurrent });
  }
  return (
    <form onSubmit={submit} className="space-y-4.5">
      <p className="text-sm text-ink-2">{m.run.rerun.lead(version)}</p>
      <div>
        <label htmlFor={id} className="mb-1 block text-sm font-medium">
          {m.run.rerun.input}
        </label>
        <textarea
          id={id}
          aria-invalid={edited === undefined}
          className="field figures text-xs leading-5"
          rows={10}
          spellCheck={false}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        {edited === undefined && <p className="mt-1 text-xs text-danger">{m.form.badJson}</p>}
      </div>
      <label className="flex min-h-8 items-center gap-2 text-sm">
        <input
          type="checkbox"
          className="check"
          checked={isCurrent}
          onChange={({ target }) => setCurrent(target.checked)}
        />
        {m.run.rerun.current}
      </label>
      {error && <StartFailure error={error} installation={installation} />}
      <button className="button button-primary w-full" disabled={isWorking || edited === undefined}>
        {isWorking ? m.run.rerun.working : m.run.rerun.submit}
      </button>
    </form>
  );
}
