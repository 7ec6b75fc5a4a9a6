import { m } from '../messages/index.ts';
import { DialogWindow } from './dialog-window.tsx';
import { FailureNote } from './failure-note.tsx';

/** Asks before something that cannot be undone. */
export function ConfirmDialog({
  title,
  body,
  action,
  isOpen,
  isWorking,
  error,
  onConfirm,
  onOpenChange,
}: {
  title: string;
  body: string;
  action: string;
  isOpen: boolean;
  isWorking: boolean;
  error: Error | null;
  onConfirm: () => void;
  onOpenChange: (isOpen: boolean) => void;
}) {
  return (
    <DialogWindow title={title} isOpen={isOpen} onOpenChange={onOpenChange}>
      <p className="text-ink-2">{body}</p>
      {error && (
        <div className="mt-4">
          <FailureNote error={error} />
        </div>
      )}
      <div className="mt-6 flex justify-end gap-2.5">
        <button type="button" className="button" onClick={() => onOpenChange(false)}>
          {m.shell.cancel}
        </button>
        <button type="button" className="button button-danger" disabled={isWorking} onClick={onConfirm}>
          {action}
        </button>
      </div>
    </DialogWindow>
  );
}
