import { useState } from 'react';

import type { CapsuleVersion } from '#contracts/api/capsules';

import type { InstallRequest } from '../api/installations.ts';
import { m } from '../messages/index.ts';
import { Approvals } from './approvals.tsx';
import { ChoiceCards } from './choice-cards.tsx';
import { DialogWindow } from './dialog-window.tsx';
import { FailureNote } from './failure-note.tsx';

interface InstallFormProps {
  readonly tenantName: string;
  readonly release: CapsuleVersion;
  readonly isWorking: boolean;
  readonly error: Error | null;
  readonly onInstall: (choice: InstallRequest) => void;
}

export function InstallDialog({
  isOpen,
  onOpenChange,
  ...form
}: InstallFormProps & { readonly isOpen: boolean; readonly onOpenChange: (isOpen: boolean) => void }) {
  return (
    <DialogWindow title={m.install.title(form.release.capsule)} isOpen={isOpen} onOpenChange={onOpenChange}>
      <InstallForm {...form} />
    </DialogWindow>
  );
}

function InstallForm({ tenantName, release, isWorking, error, onInstall }: InstallFormProps) {
  const [approved, setApproved] = useState<readonly string[]>([]);
  const [updates, setUpdates] = useState<'compatible' | 'exact'>('compatible');
  const [isIncomplete, setIncomplete] = useState(false);
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const isComplete = release.permissions.every((permission) => approved.includes(permission));
    setIncomplete(!isComplete);
    if (!isComplete) event.currentTarget.querySelector<HTMLInputElement>('[type=checkbox]:not(:checked)')?.focus();
    const range = updates === 'exact' ? release.version : `^${release.version}`;
    if (isComplete) onInstall({ capsule: release.capsule, range, approved: [...approved] });
  }
  return (
    <form onSubmit={submit} className="space-y-5">
      <p className="text-sm text-ink-2">{m.install.into(tenantName)}</p>
      {release.permissions.length === 0 ? (
        <p className="rounded-md bg-accent-soft p-3.5 text-sm text-accent">{m.permission.none}</p>
      ) : (
        <Approvals
          legend={m.install.asks}
          permissions={release.permissions}
          approved={approved}
          onApprove={setApproved}
        />
      )}
      <ChoiceCards
        legend={m.install.updates}
        choices={[
          { value: 'compatible', title: m.install.compatible(release.version), hint: m.install.compatibleHint },
          { value: 'exact', title: m.install.exact(release.version), hint: m.install.exactHint },
        ]}
        value={updates}
        onChange={setUpdates}
      />
      {error && <FailureNote error={error} />}
      <div className="sticky -bottom-5 -mx-5 -mb-5 space-y-3 border-t border-line bg-surface px-5 py-4 sm:-bottom-6 sm:-mx-6 sm:-mb-6 sm:px-6">
        {isIncomplete && (
          <p role="alert" className="text-sm text-danger">
            {m.install.unapproved}
          </p>
        )}
        <button className="button button-primary w-full" disabled={isWorking}>
          {submitText(isWorking, release.permissions.length > 0)}
        </button>
      </div>
    </form>
  );
}

function submitText(isPending: boolean, isApproving: boolean): string {
  if (isPending) return m.install.working;
  return isApproving ? m.install.submitApproving : m.install.submit;
}
