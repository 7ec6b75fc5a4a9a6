import { useState } from 'react';

import type { Installation } from '#contracts/api/installations';
import { RetentionDays } from '#contracts/dataset';

import type { InstallationEdit } from '../api/installations.ts';
import { formText } from '../features/form-text.ts';
import { changeOf } from '../features/installation-change.ts';
import { m } from '../messages/index.ts';
import { Approvals } from './approvals.tsx';
import { ChoiceCards } from './choice-cards.tsx';
import { FailureNote } from './failure-note.tsx';
import { TextField } from './text-field.tsx';

/** What an installation takes, how far its runs are kept apart, how many may be open, how long files are kept, and what a version wants in addition. */
export function SettingsForm({
  installation,
  missing,
  isRefused,
  isWorking,
  isDone,
  error,
  onSubmit,
}: {
  installation: Installation;
  /** Permissions that its versions want and nobody approved. */
  missing: readonly string[];
  /** The last change was not saved because of them. */
  isRefused: boolean;
  isWorking: boolean;
  isDone: boolean;
  error: Error | null;
  onSubmit: (change: InstallationEdit) => void;
}) {
  const [isolation, setIsolation] = useState<'asked' | 'strict'>(
    installation.isolation === 'strict' ? 'strict' : 'asked',
  );
  const [granted, setGranted] = useState<readonly string[]>([]);
  const [isUnchanged, setUnchanged] = useState(false);
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const change = changeOf(installation, {
      range: formText(form, 'range').trim(),
      isStrict: isolation === 'strict',
      maxConcurrentRuns: numberOrNull(formText(form, 'atOnce')),
      artifactRetentionDays: numberOrNull(formText(form, 'filesKept')),
      granted: granted.filter((permission) => missing.includes(permission)),
    });
    setUnchanged(change === undefined);
    if (change) onSubmit(change);
  }
  const unchangedText = missing.length > 0 ? m.settings.unapproved : m.settings.unchanged;
  return (
    <form onSubmit={submit} className="space-y-5">
      <Fields installation={installation} />
      <ChoiceCards
        legend={m.settings.isolation}
        choices={[
          { value: 'asked', ...m.settings.asked },
          { value: 'strict', ...m.settings.strict },
        ]}
        value={isolation}
        onChange={setIsolation}
      />
      {missing.length > 0 && (
        <Approvals legend={m.settings.approve} permissions={missing} approved={granted} onApprove={setGranted} />
      )}
      {isRefused && (
        <p role="alert" className="text-sm text-danger">
          {m.settings.notSaved}
        </p>
      )}
      {error && <FailureNote error={error} />}
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <button className="button button-primary" disabled={isWorking}>
          {isWorking ? m.settings.saving : m.settings.save}
        </button>
        <output className="text-sm text-accent empty:hidden">
          {isUnchanged ? unchangedText : isDone ? m.settings.saved : ''}
        </output>
      </div>
    </form>
  );
}

function numberOrNull(text: string): number | null {
  return text === '' ? null : Number(text);
}

function Fields({ installation }: { installation: Installation }) {
  return (
    <div className="grid gap-5 sm:grid-cols-2">
      <TextField
        label={m.settings.range}
        name="range"
        hint={m.settings.rangeHint}
        defaultValue={installation.range}
        maxLength={64}
        autoComplete="off"
        isFigures
        required
      />
      <TextField
        label={m.settings.atOnce}
        name="atOnce"
        hint={m.settings.atOnceHint}
        defaultValue={installation.maxConcurrentRuns ?? ''}
        type="number"
        inputMode="numeric"
        min={1}
        max={1_000}
        isFigures
      />
      <TextField
        label={m.settings.filesKept}
        name="filesKept"
        hint={m.settings.filesKeptHint}
        defaultValue={installation.artifactRetentionDays ?? ''}
        type="number"
        inputMode="numeric"
        min={1}
        max={RetentionDays.maxValue ?? undefined}
        isFigures
      />
    </div>
  );
}
