import { useState } from 'react';

import { isJsonValue, type JsonValue } from '#contracts/json';

import { m } from '../messages/index.ts';
import type { ControlAttributes } from './control-attributes.ts';

/** A value that no other control fits, as JSON text. While it is not JSON, the value keeps the text, and the control says that it is not valid. */
export function JsonField({
  value,
  attributes,
  onChange,
}: {
  value: JsonValue | undefined;
  attributes: ControlAttributes;
  onChange: (value: JsonValue | undefined) => void;
}) {
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)));
  const isBroken = text.trim() !== '' && parseJson(text) === undefined;
  return (
    <>
      <textarea
        {...attributes}
        ref={(control) => control?.setCustomValidity(isBroken ? m.form.badJson : '')}
        aria-invalid={attributes['aria-invalid'] || isBroken}
        className="field figures text-xs leading-5"
        rows={4}
        spellCheck={false}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          onChange(target.value.trim() === '' ? undefined : (parseJson(target.value) ?? target.value));
        }}
      />
      {isBroken && <p className="mt-1 text-xs text-danger">{m.form.badJson}</p>}
    </>
  );
}

export function parseJson(text: string): JsonValue | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonValue(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
