import type { JsonValue } from '#contracts/json';

import type { Field, InputProblem, JsonObject } from '../features/input-schema.ts';
import { m } from '../messages/index.ts';
import { FieldControl } from './field-control.tsx';

/** One control a property, each with what is wrong with it below. */
export function SchemaForm({
  fields,
  value,
  problems,
  onChange,
}: {
  fields: readonly Field[];
  value: JsonObject;
  problems: readonly InputProblem[];
  onChange: (value: JsonObject) => void;
}) {
  const known = new Set(fields.map(({ name }) => name));
  const elsewhere = problems.filter(({ name }) => !known.has(name));
  return (
    <div className="space-y-4.5">
      {fields.map((field) => (
        <FieldControl
          key={field.name}
          field={field}
          value={value[field.name]}
          problem={problemText(
            field,
            problems.find(({ name }) => name === field.name),
          )}
          onChange={(next) => onChange(withProperty(value, field.name, next))}
        />
      ))}
      {elsewhere.map(({ message }) => (
        <p key={message} role="alert" className="text-sm text-danger">
          {message}
        </p>
      ))}
    </div>
  );
}

function problemText(field: Field, problem: InputProblem | undefined): string | undefined {
  return problem && m.form.problem(problem, field.schema);
}

function withProperty(object: JsonObject, name: string, value: JsonValue | undefined): JsonObject {
  const { [name]: _, ...others } = object;
  return value === undefined ? others : { ...others, [name]: value };
}
