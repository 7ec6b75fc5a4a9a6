import { Tabs } from '@base-ui/react/tabs';
import { type ReactNode, useRef, useState } from 'react';

import type { JsonValue } from '#contracts/json';

import { defaultsOf, fieldsOf, type InputProblem, isJsonObject, problemsOf } from '../features/input-schema.ts';
import { m } from '../messages/index.ts';
import { parseJson } from './json-field.tsx';
import { SchemaForm } from './schema-form.tsx';

type Mode = 'form' | 'json';

/** The input of a run: a form from its schema, or the JSON itself. Both edit one value; what is wrong is told before anything is sent. */
export function InputEditor({
  schema,
  footer,
  onSubmit,
}: {
  schema: JsonValue;
  footer: ReactNode;
  onSubmit: (input: JsonValue) => void;
}) {
  const fields = fieldsOf(schema);
  const form = useRef<HTMLFormElement>(null);
  const [mode, setMode] = useState<Mode>(fields ? 'form' : 'json');
  const [input, setInput] = useState<JsonValue>(() => defaultsOf(schema));
  const [text, setText] = useState(() => format(defaultsOf(schema)));
  const [problems, setProblems] = useState<readonly InputProblem[]>([]);
  const parsed = mode === 'json' ? parseJson(text) : input;

  function change(next: Mode) {
    if (next === 'json') setText(format(input));
    else if (parsed !== undefined) setInput(parsed);
    setProblems([]);
    setMode(next);
  }
  function submit(event: React.SubmitEvent) {
    event.preventDefault();
    if (parsed === undefined) return;
    // A schema may take any text, also one that was to become something else.
    const unfinished = form.current && unfinishedIn(form.current);
    if (unfinished) return unfinished.focus();
    const found = problemsOf(schema, parsed);
    setProblems(found);
    if (found.length === 0) onSubmit(parsed);
    else form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(found[0]?.name ?? '')}"]`)?.focus();
  }
  return (
    <form ref={form} noValidate onSubmit={submit} className="space-y-4.5">
      <Tabs.Root value={mode} onValueChange={change}>
        {fields && (
          <Tabs.List className="mb-4 flex gap-5 border-b border-line text-sm font-medium">
            <Tabs.Tab value="form" className="tab" disabled={mode === 'json' && !isJsonObject(parsed)}>
              {m.run.form}
            </Tabs.Tab>
            <Tabs.Tab value="json" className="tab">
              {m.run.json}
            </Tabs.Tab>
          </Tabs.List>
        )}
        <Tabs.Panel value="form">
          {fields && isJsonObject(input) && (
            <SchemaForm fields={fields} value={input} problems={problems} onChange={setInput} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="json">
          <JsonInput text={text} isBroken={parsed === undefined} problems={problems} onChange={setText} />
        </Tabs.Panel>
      </Tabs.Root>
      {footer}
    </form>
  );
}

function JsonInput({
  text,
  isBroken,
  problems,
  onChange,
}: {
  text: string;
  isBroken: boolean;
  problems: readonly InputProblem[];
  onChange: (text: string) => void;
}) {
  return (
    <>
      <textarea
        aria-label={m.run.input}
        aria-invalid={isBroken || problems.length > 0}
        className="field figures text-xs leading-5"
        rows={16}
        spellCheck={false}
        value={text}
        onChange={(event) => onChange(event.target.value)}
      />
      <div role="alert" className="mt-1 space-y-1 text-xs text-danger">
        {isBroken && <p>{m.form.badJson}</p>}
        {problems.map(({ name, within, message }) => (
          <p key={name + message}>
            {name && <code className="figures mr-1.5">{name + within}</code>}
            {message}
          </p>
        ))}
      </div>
    </>
  );
}

function unfinishedIn({ elements }: HTMLFormElement): HTMLTextAreaElement | undefined {
  const areas = [...elements].filter((control) => control instanceof HTMLTextAreaElement);
  return areas.find(({ validity }) => validity.customError);
}

function format(value: JsonValue): string {
  return JSON.stringify(value, null, 2);
}
