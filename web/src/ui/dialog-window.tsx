import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';

import { m } from '../messages/index.ts';

export function DialogWindow({
  title,
  isOpen,
  onOpenChange,
  children,
}: {
  title: string;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  children: ReactNode;
}) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-scrim" />
        <Dialog.Popup className="rise-in fixed inset-x-4 top-[8dvh] mx-auto max-h-[84dvh] max-w-lg overflow-y-auto rounded-lg border border-line bg-surface p-5 shadow-[0_24px_64px_var(--shadow)] sm:p-6">
          <div className="mb-4 flex items-start justify-between gap-4">
            <Dialog.Title className="text-lg font-semibold">{title}</Dialog.Title>
            <Dialog.Close aria-label={m.shell.close} className="-m-1.5 rounded-md p-1.5 text-ink-2 hover:bg-sunken">
              <X aria-hidden className="size-4.5" />
            </Dialog.Close>
          </div>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
