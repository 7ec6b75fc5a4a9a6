import { RetentionDays } from '#contracts/dataset';

import { formText } from '../features/form-text.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from './failure-note.tsx';
import { TextField } from './text-field.tsx';

/** For how many days rows are kept; null leaves it to the capsule. */
export function RetentionForm({
  days: kept,
  isWorking,
  error,
  onSubmit,
}: {
  /** As it is now. */
  days: number | null;
  isWorking: boolean;
  error: Error | null;
  onSubmit: (days: number | null) => void;
}) {
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const days = formText(new FormData(event.currentTarget), 'days');
    onSubmit(days === '' ? null : Number(days));
  }
  return (
    <form onSubmit={submit} className="space-y-4.5">
      <TextField
        label={m.kept.days}
        name="days"
        defaultValue={kept ?? ''}
        hint={m.kept.daysHint}
        type="number"
        inputMode="numeric"
        min={1}
        max={RetentionDays.maxValue ?? undefined}
        isFigures
      />
      {error && <FailureNote error={error} />}
      <button className="button button-primary w-full" disabled={isWorking}>
        {isWorking ? m.kept.keepWorking : m.kept.keepSubmit}
      </button>
    </form>
  );
}
