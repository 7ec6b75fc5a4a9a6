import { type ComponentProps, type ReactNode, useId } from 'react';

import { m } from '../messages/index.ts';

/** A label, an input, and below it either what is wrong or what helps. */
export function TextField({
  label,
  hint,
  problem,
  isFigures = false,
  ...input
}: {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
  isFigures?: boolean;
} & Omit<ComponentProps<'input'>, 'id' | 'className'>) {
  const id = useId();
  const help = problem ?? hint;
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <input
        {...input}
        id={id}
        className={isFigures ? 'field figures' : 'field'}
        aria-invalid={problem !== undefined}
        aria-describedby={help === undefined ? undefined : `${id}-help`}
      />
      {help !== undefined && <FieldHelp id={`${id}-help`} problem={problem} hint={hint} />}
    </div>
  );
}

export function FieldHelp({ id, problem, hint }: { id: string; problem?: string | undefined; hint?: ReactNode }) {
  return (
    <p id={id} className="mt-1 text-xs text-ink-3">
      {problem === undefined ? hint : <span className="text-danger">{problem}</span>}
    </p>
  );
}

export function RequiredMark() {
  return <span className="font-normal text-ink-3"> {m.form.required}</span>;
}
