import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';

import type { AddMember, Member } from '#contracts/api/tenants';
import type { Role } from '#contracts/permissions';

import { sessionKey } from '../api/accounts.ts';
import { addMember, changeMember, memberList, removeMember } from '../api/members.ts';
import { useMay, useSession, useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DialogWindow } from '../ui/dialog-window.tsx';
import { FailureNote } from '../ui/failure-note.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { MemberForm } from '../ui/member-form.tsx';
import { MemberTable } from '../ui/member-table.tsx';
import { PageTitle } from '../ui/page-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { Permitted } from './permitted.tsx';

export function Members() {
  const tenant = useTenant();
  const { data: me } = useSession();
  const members = useQuery(memberList(tenant.id));
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Member>();
  const mayChange = useMay('members:write');
  const refresh = useRefresh();
  const change = useMutation({
    mutationFn: ({ member, role }: { member: Member; role: Role }) => changeMember(tenant.id, member.id, role),
    onSuccess: refresh,
  });
  const add = (
    <button type="button" className="button button-primary" onClick={() => setAdding(true)}>
      <Plus aria-hidden className="size-4" />
      {m.members.add}
    </button>
  );
  return (
    <>
      <PageTitle
        title={m.members.title}
        lead={m.members.lead}
        action={<Permitted to="members:write">{add}</Permitted>}
      />
      {change.error && (
        <div className="mb-4">
          <FailureNote error={change.error} />
        </div>
      )}
      <Loaded query={members} skeleton={<RowsSkeleton rows={3} />}>
        {(list) => (
          <MemberTable
            members={list}
            self={me?.account?.id}
            isWorking={change.isPending}
            mayChange={mayChange}
            onChange={(member, role) => change.mutate({ member, role })}
            onRemove={setLeaving}
          />
        )}
      </Loaded>
      <DialogWindow title={m.members.add} isOpen={isAdding} onOpenChange={setAdding}>
        <Addition onDone={() => setAdding(false)} />
      </DialogWindow>
      {leaving && <Removal member={leaving} onDone={() => setLeaving(undefined)} />}
    </>
  );
}

/** Who belongs to the tenant, and what the one who is signed in may do in it: their own role may be what changed. */
function useRefresh(): () => Promise<unknown> {
  const tenant = useTenant();
  const client = useQueryClient();
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: memberList(tenant.id).queryKey }),
      client.invalidateQueries({ queryKey: sessionKey }),
    ]);
}

function Addition({ onDone }: { onDone: () => void }) {
  const tenant = useTenant();
  const refresh = useRefresh();
  const addition = useMutation({
    mutationFn: (request: AddMember) => addMember(tenant.id, request),
    onSuccess: async () => {
      await refresh();
      onDone();
    },
  });
  return <MemberForm isWorking={addition.isPending} error={addition.error} onSubmit={addition.mutate} />;
}

function Removal({ member, onDone }: { member: Member; onDone: () => void }) {
  const tenant = useTenant();
  const refresh = useRefresh();
  const removal = useMutation({
    mutationFn: () => removeMember(tenant.id, member.id),
    onSuccess: async () => {
      await refresh();
      onDone();
    },
  });
  return (
    <ConfirmDialog
      title={m.members.confirmTitle(member.name)}
      body={m.members.confirm}
      action={m.members.remove}
      isOpen
      isWorking={removal.isPending}
      error={removal.error}
      onConfirm={removal.mutate}
      onOpenChange={(isOpen) => isOpen || onDone()}
    />
  );
}
