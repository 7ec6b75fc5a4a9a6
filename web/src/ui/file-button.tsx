import { FileUp } from 'lucide-react';
import { useRef, useState } from 'react';

import { bytes } from '../messages/format.ts';
import { m } from '../messages/index.ts';

/** An input travels as JSON, and base64 adds a third to a file: this much fits into a request of 1 MiB. */
const MAX_FILE_BYTES = 750 * 2 ** 10;

/** Fills a field from a file of the person's own machine. */
export function FileButton({ isBase64, onText }: { isBase64: boolean; onText: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [isTooLarge, setTooLarge] = useState(false);
  async function take(file: File | undefined) {
    if (!file) return;
    setTooLarge(file.size > MAX_FILE_BYTES);
    if (file.size > MAX_FILE_BYTES) return;
    onText(isBase64 ? toBase64(new Uint8Array(await file.arrayBuffer())) : await file.text());
  }
  return (
    <div className="flex items-center gap-3">
      {isTooLarge && (
        <p role="alert" className="text-xs text-danger">
          {m.form.fileTooLarge(bytes(MAX_FILE_BYTES))}
        </p>
      )}
      <button
        type="button"
        className="button button-quiet -mr-2 min-h-7 px-2 text-xs"
        onClick={() => input.current?.click()}
      >
        <FileUp aria-hidden className="size-4" />
        {m.form.fromFile}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={m.form.fromFile}
        onChange={({ currentTarget }) => {
          void take(currentTarget.files?.[0]);
          // Chosen again after it was changed, the same file is one to read anew.
          currentTarget.value = '';
        }}
      />
    </div>
  );
}

function toBase64(content: Uint8Array): string {
  let binary = '';
  for (const byte of content) binary += String.fromCharCode(byte);
  return btoa(binary);
}
