import { useId } from 'react';

import type { RegisterPublisherKey } from '#contracts/api/publisher-keys';

import { formText } from '../features/form-text.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from './failure-note.tsx';
import { FieldHelp, TextField } from './text-field.tsx';

export function PublisherKeyForm({
  isWorking,
  error,
  onSubmit,
}: {
  isWorking: boolean;
  error: Error | null;
  onSubmit: (request: RegisterPublisherKey) => void;
}) {
  const id = useId();
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onSubmit({ name: formText(form, 'name').trim(), publicKeyPem: formText(form, 'pem').trim() });
  }
  return (
    <form onSubmit={submit} className="space-y-4.5">
      <TextField
        label={m.publisherKeys.name}
        name="name"
        hint={m.publisherKeys.nameHint}
        maxLength={80}
        autoComplete="off"
        required
      />
      <div>
        <label htmlFor={id} className="mb-1 block text-sm font-medium">
          {m.publisherKeys.pem}
        </label>
        <textarea
          id={id}
          name="pem"
          className="field figures text-xs leading-5"
          rows={5}
          maxLength={1_000}
          spellCheck={false}
          aria-describedby={`${id}-help`}
          required
        />
        <FieldHelp id={`${id}-help`} hint={m.publisherKeys.pemHint} />
      </div>
      {error && <FailureNote error={error} />}
      <button className="button button-primary w-full" disabled={isWorking}>
        {isWorking ? m.publisherKeys.working : m.publisherKeys.submit}
      </button>
    </form>
  );
}
