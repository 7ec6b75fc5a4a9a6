import { useState } from 'react';

import { dollarsOfNanos, nanosOfDollars } from '../features/dollars.ts';
import { formText } from '../features/form-text.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from './failure-note.tsx';
import { TextField } from './text-field.tsx';

export function BudgetForm({
  limitNanos,
  isWorking,
  isDone,
  error,
  onSubmit,
}: {
  limitNanos: string;
  isWorking: boolean;
  isDone: boolean;
  error: Error | null;
  onSubmit: (limitNanos: string) => void;
}) {
  const [isWrong, setWrong] = useState(false);
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const amount = nanosOfDollars(formText(new FormData(event.currentTarget), 'limit'));
    setWrong(amount === undefined);
    if (amount !== undefined) onSubmit(amount);
  }
  return (
    <section className="panel self-start p-5">
      <h2 className="mb-4 text-base">{m.usage.setBudget}</h2>
      <form onSubmit={submit} className="space-y-4">
        <TextField
          label={m.usage.amount}
          name="limit"
          inputMode="decimal"
          autoComplete="off"
          defaultValue={dollarsOfNanos(limitNanos)}
          hint={m.usage.amountHint}
          problem={isWrong ? m.usage.amountWrong : undefined}
          isFigures
          required
        />
        {error && <FailureNote error={error} />}
        <button className="button button-primary w-full" disabled={isWorking}>
          {isWorking ? m.usage.saving : m.usage.save}
        </button>
        <output className="block text-sm text-accent empty:hidden">{isDone ? m.usage.saved : ''}</output>
      </form>
    </section>
  );
}
