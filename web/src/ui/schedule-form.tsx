import { useId, useState } from 'react';

import type { Installation } from '#contracts/api/installations';
import type { CreateSchedule } from '#contracts/api/schedules';

import { formText } from '../features/form-text.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from './failure-note.tsx';
import { InstallationSelect } from './installation-select.tsx';
import { parseJson } from './json-field.tsx';
import { TextField } from './text-field.tsx';

export function ScheduleForm({
  installations,
  isWorking,
  error,
  onSubmit,
}: {
  installations: readonly Installation[];
  isWorking: boolean;
  error: Error | null;
  onSubmit: (request: CreateSchedule) => void;
}) {
  const [json, setJson] = useState('{}');
  const input = parseJson(json);
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const installation = installations.find(({ id }) => id === formText(form, 'installation'));
    if (!installation || input === undefined) return;
    onSubmit({
      name: formText(form, 'name').trim(),
      installation: installation.id,
      cron: formText(form, 'cron').trim(),
      zone: formText(form, 'zone').trim(),
      input,
      overlap: form.has('overlap') ? 'allow' : 'skip',
      enabled: true,
    });
  }
  return (
    <form onSubmit={submit} className="space-y-4.5">
      <InstallationSelect label={m.schedules.capsule} installations={installations} />
      <TextField label={m.schedules.name} name="name" maxLength={80} autoComplete="off" required />
      <TextField
        label={m.schedules.cron}
        name="cron"
        hint={m.schedules.cronHint}
        defaultValue="0 6 * * *"
        maxLength={120}
        isFigures
        required
      />
      <TextField
        label={m.schedules.zone}
        name="zone"
        hint={m.schedules.zoneHint}
        defaultValue={new Intl.DateTimeFormat().resolvedOptions().timeZone}
        maxLength={64}
        required
      />
      <JsonText text={json} isBroken={input === undefined} onChange={setJson} />
      <label className="flex min-h-8 items-center gap-2 text-sm">
        <input type="checkbox" name="overlap" className="check" />
        {m.schedules.overlap}
      </label>
      {error && <FailureNote error={error} />}
      <button className="button button-primary w-full" disabled={isWorking || input === undefined}>
        {isWorking ? m.schedules.working : m.schedules.submit}
      </button>
    </form>
  );
}

function JsonText({ text, isBroken, onChange }: { text: string; isBroken: boolean; onChange: (text: string) => void }) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {m.schedules.input}
      </label>
      <textarea
        id={id}
        aria-invalid={isBroken}
        className="field figures text-xs leading-5"
        rows={5}
        spellCheck={false}
        value={text}
        onChange={({ target }) => onChange(target.value)}
      />
      {isBroken && <p className="mt-1 text-xs text-danger">{m.form.badJson}</p>}
    </div>
  );
}
