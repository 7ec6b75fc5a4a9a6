import { m } from '../messages/index.ts';
import { CopyButton } from './copy-button.tsx';

/** The only time a secret is shown. */
export function NewSecret({ secret, note, onDone }: { secret: string; note: string; onDone: () => void }) {
  return (
    <div className="space-y-4">
      <output className="block rounded-md bg-warn-soft p-3.5 text-sm text-warn">{note}</output>
      <p aria-label={m.apiKeys.secret} className="field figures text-sm break-all select-all">
        {secret}
      </p>
      <div className="flex justify-end gap-2.5">
        <CopyButton text={secret} />
        <button type="button" className="button button-primary" onClick={onDone}>
          {m.apiKeys.done}
        </button>
      </div>
    </div>
  );
}
