import { useId, useState } from 'react';

import { MAX_SECRET_BYTES, MIN_SECRET_BYTES } from '#contracts/secret';

import { formText } from '../features/form-text.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from './failure-note.tsx';
import { FieldHelp } from './text-field.tsx';

/** The value of a secret, which may have several lines; what is typed is not shown. */
export function SecretForm({
  isWorking,
  error,
  onSubmit,
}: {
  isWorking: boolean;
  error: Error | null;
  onSubmit: (value: string) => void;
}) {
  const id = useId();
  const [problem, setProblem] = useState<string>();
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    // A form's lines end with CR LF; a key file's end with LF.
    const value = formText(new FormData(event.currentTarget), 'value').replaceAll('\r\n', '\n').replace(/\n$/, '');
    const found = problemOf(value);
    setProblem(found);
    if (found === undefined) onSubmit(value);
  }
  return (
    <form onSubmit={submit} className="space-y-4.5">
      <div>
        <label htmlFor={id} className="mb-1 block text-sm font-medium">
          {m.secrets.value}
        </label>
        <textarea
          id={id}
          name="value"
          className="field figures concealed text-sm"
          rows={3}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          aria-invalid={problem !== undefined}
          aria-describedby={`${id}-help`}
          required
        />
        <FieldHelp id={`${id}-help`} problem={problem} hint={m.secrets.valueHint(MAX_SECRET_BYTES)} />
      </div>
      {error && <FailureNote error={error} />}
      <button className="button button-primary w-full" disabled={isWorking}>
        {isWorking ? m.secrets.working : m.secrets.submit}
      </button>
    </form>
  );
}

function problemOf(value: string): string | undefined {
  const { length } = new TextEncoder().encode(value);
  if (length < MIN_SECRET_BYTES) return m.secrets.tooShort(MIN_SECRET_BYTES);
  return length > MAX_SECRET_BYTES ? m.secrets.tooLong(MAX_SECRET_BYTES) : undefined;
}
