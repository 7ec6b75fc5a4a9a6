import { m } from '../messages/index.ts';
import { CopyButton } from './copy-button.tsx';

/** The only time a key is shown. */
export function NewSecret({ secret, onDone }: { secret: string; onDone: () => void }) {
  return (
    <div className="space-y-4">
      <output className="block rounded-md bg-warn-soft p-3.5 text-sm text-warn">{m.apiKeys.shownOnce}</output>
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
