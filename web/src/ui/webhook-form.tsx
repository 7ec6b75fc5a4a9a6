import type { Installation } from '#contracts/api/installations';
import type { CreateWebhook } from '#contracts/api/webhooks';

import { formText } from '../features/form-text.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from './failure-note.tsx';
import { InstallationSelect } from './installation-select.tsx';
import { TextField } from './text-field.tsx';

export function WebhookForm({
  installations,
  isWorking,
  error,
  onSubmit,
}: {
  installations: readonly Installation[];
  isWorking: boolean;
  error: Error | null;
  onSubmit: (request: CreateWebhook) => void;
}) {
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const chosen = installations.find(({ id }) => id === formText(form, 'installation'));
    onSubmit({
      url: formText(form, 'url').trim(),
      events: ['run.ended'],
      ...(chosen && { installation: chosen.id }),
    });
  }
  return (
    <form onSubmit={submit} className="space-y-4.5">
      <TextField label={m.webhooks.url} name="url" type="url" hint={m.webhooks.urlHint} maxLength={2_000} required />
      <InstallationSelect label={m.webhooks.only} installations={installations} anyOne={m.webhooks.anyCapsule} />
      {error && <FailureNote error={error} />}
      <button className="button button-primary w-full" disabled={isWorking}>
        {isWorking ? m.webhooks.working : m.webhooks.submit}
      </button>
    </form>
  );
}
