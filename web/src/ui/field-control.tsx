import { useId } from 'react';

import type { JsonValue } from '#contracts/json';

import type { Field } from '../features/input-schema.ts';
import { m } from '../messages/index.ts';
import type { ControlAttributes } from './control-attributes.ts';
import { FileButton } from './file-button.tsx';
import { JsonField } from './json-field.tsx';
import { FieldHelp, RequiredMark } from './text-field.tsx';

export interface FieldControlProps {
  readonly field: Field;
  readonly value: JsonValue | undefined;
  readonly problem: string | undefined;
  /** Undefined takes the property out of the input. */
  readonly onChange: (value: JsonValue | undefined) => void;
}

export function FieldControl(props: FieldControlProps) {
  const { field, problem } = props;
  const id = useId();
  const attributes: ControlAttributes = {
    id,
    name: field.name,
    required: field.isRequired,
    'aria-invalid': problem !== undefined,
    'aria-describedby': `${id}-help`,
  };
  const help = <FieldHelp id={`${id}-help`} problem={problem} hint={field.description} />;
  if (field.kind === 'switch')
    return (
      <div>
        <label className="flex items-center gap-2.5 text-sm font-medium">
          <Switch {...props} attributes={attributes} />
          {field.title}
        </label>
        {help}
      </div>
    );
  return (
    <div>
      <div className="mb-1 flex items-center justify-between gap-4">
        <label htmlFor={id} className="text-sm font-medium">
          {field.title}
          {field.isRequired && <RequiredMark />}
        </label>
        {field.kind === 'longtext' && <FileButton isBase64={field.isBase64} onText={props.onChange} />}
      </div>
      <Control {...props} attributes={attributes} />
      {help}
    </div>
  );
}

type ControlProps = FieldControlProps & { readonly attributes: ControlAttributes };

function Switch({ value, onChange, attributes }: ControlProps) {
  return (
    <input
      {...attributes}
      type="checkbox"
      className="check"
      checked={value === true}
      onChange={(event) => onChange(event.target.checked)}
    />
  );
}

function Control(props: ControlProps) {
  switch (props.field.kind) {
    case 'choice':
      return <Choice {...props} options={props.field.options} />;
    case 'number':
      return <NumberInput {...props} isInteger={props.field.isInteger} />;
    case 'lines':
      return <Lines {...props} />;
    case 'longtext':
      return <LongText {...props} />;
    case 'json':
      return <JsonField value={props.value} attributes={props.attributes} onChange={props.onChange} />;
    case 'text':
      return <TextInput {...props} inputType={props.field.inputType} />;
    default:
      return <Switch {...props} />;
  }
}

function Choice({
  field,
  value,
  onChange,
  attributes,
  options,
}: ControlProps & { readonly options: readonly string[] }) {
  return (
    <select
      {...attributes}
      className="field"
      value={typeof value === 'string' ? value : ''}
      onChange={(event) => onChange(textOf(event.target))}
    >
      {(!field.isRequired || value === undefined) && <option value="">{m.form.choose}</option>}
      {options.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
}

function NumberInput({ value, onChange, attributes, isInteger }: ControlProps & { readonly isInteger: boolean }) {
  return (
    <input
      {...attributes}
      type="number"
      inputMode="decimal"
      step={isInteger ? 1 : 'any'}
      className="field figures text-sm"
      value={typeof value === 'number' ? value : ''}
      onChange={({ target }) => onChange(target.value === '' ? undefined : target.valueAsNumber)}
    />
  );
}

function TextInput({ value, onChange, attributes, inputType }: ControlProps & { readonly inputType: string }) {
  return (
    <input
      {...attributes}
      type={inputType}
      className="field"
      value={typeof value === 'string' ? value : ''}
      onChange={(event) => onChange(textOf(event.target))}
    />
  );
}

function Lines({ value, onChange, attributes }: ControlProps) {
  return (
    <textarea
      {...attributes}
      className="field figures text-sm"
      rows={3}
      placeholder={m.form.onePerLine}
      value={Array.isArray(value) ? value.map(String).join('\n') : ''}
      onChange={({ target }) => onChange(target.value === '' ? undefined : target.value.split('\n'))}
    />
  );
}

function LongText({ value, onChange, attributes }: ControlProps) {
  return (
    <textarea
      {...attributes}
      className="field figures text-xs leading-5"
      rows={8}
      spellCheck={false}
      value={typeof value === 'string' ? value : ''}
      onChange={(event) => onChange(textOf(event.target))}
    />
  );
}

/** An empty control means that the property is not given. */
function textOf({ value }: { value: string }): string | undefined {
  return value === '' ? undefined : value;
}
