import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import type { Installation } from '#contracts/api/installations';

import { installationList, installationsKey, removeInstallation } from '../api/installations.ts';
import { useMay, useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { EmptyNote } from '../ui/empty-note.tsx';
import { InstallationTable } from '../ui/installation-table.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { PageTitle } from '../ui/page-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';

export function Installations() {
  const tenant = useTenant();
  const client = useQueryClient();
  const installed = useQuery(installationList(tenant.id));
  const mayRun = useMay('runs:write');
  const mayRemove = useMay('installations:write');
  const [leaving, setLeaving] = useState<Installation>();
  const removal = useMutation({
    mutationFn: (installation: Installation) => removeInstallation(tenant.id, installation.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: installationsKey(tenant.id) });
      setLeaving(undefined);
    },
  });
  const browse = (
    <Link to="/" className="button">
      {m.installations.browse}
    </Link>
  );
  return (
    <>
      <PageTitle title={m.installations.title} action={browse} />
      <Loaded
        query={installed}
        skeleton={<RowsSkeleton />}
        isEmpty={(list) => list.length === 0}
        empty={<EmptyNote action={browse}>{m.installations.none}</EmptyNote>}
      >
        {(list) => (
          <InstallationTable mayRun={mayRun} installations={list} onRemove={mayRemove ? setLeaving : undefined} />
        )}
      </Loaded>
      {leaving && (
        <ConfirmDialog
          title={m.installations.confirmTitle(leaving.capsule)}
          body={m.installations.confirm}
          action={m.installations.remove}
          isOpen
          isWorking={removal.isPending}
          error={removal.error}
          onConfirm={() => removal.mutate(leaving)}
          onOpenChange={(isOpen) => isOpen || setLeaving(undefined)}
        />
      )}
    </>
  );
}
