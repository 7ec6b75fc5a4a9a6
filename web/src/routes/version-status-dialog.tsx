import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { type CapsuleDetail, VersionStatus, type VersionSummary } from '#contracts/api/capsules';
import type { TenantMembership } from '#contracts/api/tenants';

import { capsuleDetail } from '../api/capsules.ts';
import { setVersionStatus } from '../api/publishing.ts';
import { m } from '../messages/index.ts';
import { ChoiceCards } from '../ui/choice-cards.tsx';
import { DialogWindow } from '../ui/dialog-window.tsx';
import { FailureNote } from '../ui/failure-note.tsx';

interface OwnVersion {
  readonly tenant: TenantMembership;
  readonly capsule: CapsuleDetail;
  readonly summary: VersionSummary;
}

/** For the publisher of a version: deprecate it, yank it, or make it active again. */
export function VersionStatusDialog({ onDone, ...own }: OwnVersion & { onDone: () => void }) {
  return (
    <DialogWindow
      title={m.versionStatus.title(own.capsule.name, own.summary.version)}
      isOpen
      onOpenChange={(isOpen) => isOpen || onDone()}
    >
      <StatusForm {...own} onDone={onDone} />
    </DialogWindow>
  );
}

function StatusForm({ tenant, capsule, summary, onDone }: OwnVersion & { onDone: () => void }) {
  const client = useQueryClient();
  const [status, setStatus] = useState(summary.status);
  const { version } = summary;
  const change = useMutation({
    mutationFn: () => setVersionStatus(tenant.id, { capsule: capsule.name, version, status }),
    onSuccess: (changed) => {
      // The catalogue that answers next may be another cell's, which hears of it a little later.
      client.setQueryData(
        capsuleDetail(capsule.name).queryKey,
        (known) => known && { ...known, versions: known.versions.map((each) => withStatusOf(each, changed)) },
      );
      onDone();
    },
  });
  return (
    <form
      className="space-y-4.5"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <ChoiceCards
        legend={m.versionStatus.legend}
        choices={VersionStatus.options.map((value) => ({ value, ...m.versionStatus.choices[value] }))}
        value={status}
        onChange={setStatus}
      />
      {change.error && <FailureNote error={change.error} />}
      <button className="button button-primary w-full" disabled={change.isPending || status === summary.status}>
        {change.isPending ? m.versionStatus.working : m.versionStatus.submit}
      </button>
    </form>
  );
}

function withStatusOf(summary: VersionSummary, changed: VersionSummary): VersionSummary {
  return summary.version === changed.version ? { ...summary, status: changed.status } : summary;
}
