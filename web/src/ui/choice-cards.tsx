import { type ReactNode, useId } from 'react';

export interface ChoiceCard<V extends string> {
  readonly value: V;
  readonly title: ReactNode;
  readonly hint: ReactNode;
}

/** One of few, each with what it means. */
export function ChoiceCards<V extends string>({
  legend,
  lead,
  choices,
  value,
  onChange,
}: {
  legend: string;
  lead?: string;
  choices: readonly ChoiceCard<V>[];
  value: V;
  onChange: (value: V) => void;
}) {
  const id = useId();
  return (
    <fieldset aria-describedby={lead ? `${id}-lead` : undefined}>
      <legend className="mb-1 text-sm font-medium">{legend}</legend>
      {lead && (
        <p id={`${id}-lead`} className="mb-2 text-xs text-ink-3">
          {lead}
        </p>
      )}
      <div className="divide-y divide-line overflow-hidden rounded-md border border-line-strong bg-surface">
        {choices.map((choice) => (
          // oxlint-disable-next-line jsx-a11y/label-has-associated-control -- its text is a choice's own title and hint
          <label key={choice.value} className="flex gap-3 px-3.5 py-3 has-checked:bg-accent-soft">
            <input
              type="radio"
              name={id}
              className="check mt-0.5"
              checked={choice.value === value}
              onChange={() => onChange(choice.value)}
            />
            <span className="min-w-0 text-sm">
              <span className="block font-medium">{choice.title}</span>
              <span className="block text-ink-2">{choice.hint}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
