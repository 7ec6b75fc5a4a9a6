import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useLocation, useNavigate } from '@tanstack/react-router';
import { Play } from 'lucide-react';
import { useState } from 'react';

import type { CapsuleDetail } from '#contracts/api/capsules';
import type { TenantMembership } from '#contracts/api/tenants';
import { includes } from '#contracts/permissions';

import { capsuleRelease } from '../api/capsules.ts';
import { install, installationList, installationsKey, type InstallRequest } from '../api/installations.ts';
import { useCurrentTenant, useSession } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { InstallDialog } from '../ui/install-dialog.tsx';
import { RoleNote } from '../ui/role-note.tsx';

/** The next step with a capsule: sign in, create a tenant, install it, or run it. */
export function CapsuleAction({ capsule, version }: { capsule: CapsuleDetail; version: string | undefined }) {
  const { data: me } = useSession();
  const tenant = useCurrentTenant(me);
  const { href } = useLocation();
  if (version === undefined) return null;
  if (me === undefined) return <span aria-hidden className="skeleton h-9 w-24" />;
  if (me === null)
    return (
      <Link to="/sign-in" search={{ next: href }} className="button button-primary">
        {m.capsule.signInToInstall}
      </Link>
    );
  if (!tenant)
    return (
      <Link to="/tenants/new" search={{ next: href }} className="button button-primary">
        {m.tenant.title}
      </Link>
    );
  return <InstallOrRun key={tenant.id} capsule={capsule} version={version} tenant={tenant} />;
}

function InstallOrRun({
  capsule,
  version,
  tenant,
}: {
  capsule: CapsuleDetail;
  version: string;
  tenant: TenantMembership;
}) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const { data: installed } = useQuery({
    ...installationList(tenant.id),
    enabled: includes(tenant.role, 'installations:read'),
  });
  const { data: release } = useQuery(capsuleRelease(capsule.name, version));
  const submission = useMutation({
    mutationFn: (choice: InstallRequest) => install(tenant.id, choice),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: installationsKey(tenant.id) });
      await navigate({ to: '/installations/$installation', params: { installation: id } });
    },
  });
  const mayRun = includes(tenant.role, 'runs:write');
  const installation = installed?.find((candidate) => candidate.capsule === capsule.name);
  if (installation)
    return (
      <Link
        to="/installations/$installation"
        params={{ installation: installation.id }}
        className="button button-primary"
      >
        {mayRun && <Play aria-hidden className="size-4" />}
        {mayRun ? m.capsule.run : m.capsule.open}
      </Link>
    );
  if (!includes(tenant.role, 'installations:write')) return <RoleNote role={tenant.role} lacks="installations:write" />;
  return (
    <>
      <button
        type="button"
        className="button button-primary"
        disabled={!installed || !release}
        onClick={() => setOpen(true)}
      >
        {m.capsule.install}
      </button>
      {release && (
        <InstallDialog
          tenantName={tenant.name}
          release={release.version}
          isOpen={isOpen}
          isWorking={submission.isPending}
          error={submission.error}
          onInstall={submission.mutate}
          onOpenChange={setOpen}
        />
      )}
    </>
  );
}
