import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';

import type { CreateSchedule, ScheduleSummary } from '#contracts/api/schedules';

import { createSchedule, enableSchedule, removeSchedule, scheduleList, schedulesKey } from '../api/automation.ts';
import { installationList } from '../api/installations.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DialogWindow } from '../ui/dialog-window.tsx';
import { EmptyNote } from '../ui/empty-note.tsx';
import { FailureNote } from '../ui/failure-note.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { ScheduleForm } from '../ui/schedule-form.tsx';
import { ScheduleTable } from '../ui/schedule-table.tsx';
import { SectionTitle } from '../ui/section-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { Changeable, Permitted } from './permitted.tsx';

export function ScheduleSection() {
  const tenant = useTenant();
  const client = useQueryClient();
  const schedules = useQuery(scheduleList(tenant.id));
  const [isCreating, setCreating] = useState(false);
  const [leaving, setLeaving] = useState<ScheduleSummary>();
  const toggle = useMutation({
    mutationFn: ({ id, enabled }: ScheduleSummary) => enableSchedule(tenant.id, id, !enabled),
    onSuccess: () => client.invalidateQueries({ queryKey: schedulesKey(tenant.id) }),
  });
  return (
    <section>
      <SectionTitle title={m.schedules.title}>
        <Permitted to="schedules:write">
          <button type="button" className="button" onClick={() => setCreating(true)}>
            <Plus aria-hidden className="size-4" />
            {m.schedules.create}
          </button>
        </Permitted>
      </SectionTitle>
      {toggle.error && <FailureNote error={toggle.error} />}
      <Loaded
        query={schedules}
        skeleton={<RowsSkeleton rows={3} />}
        isEmpty={(list) => list.length === 0}
        empty={<EmptyNote>{m.schedules.none}</EmptyNote>}
      >
        {(list) => (
          <Changeable to="schedules:write">
            <ScheduleTable schedules={list} onToggle={toggle.mutate} onRemove={setLeaving} />
          </Changeable>
        )}
      </Loaded>
      <DialogWindow title={m.schedules.create} isOpen={isCreating} onOpenChange={setCreating}>
        <Creation onDone={() => setCreating(false)} />
      </DialogWindow>
      {leaving && <Removal schedule={leaving} onDone={() => setLeaving(undefined)} />}
    </section>
  );
}

function Creation({ onDone }: { onDone: () => void }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const installed = useQuery(installationList(tenant.id));
  const creation = useMutation({
    mutationFn: (request: CreateSchedule) => createSchedule(tenant.id, request),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: schedulesKey(tenant.id) });
      onDone();
    },
  });
  return (
    <Loaded
      query={installed}
      skeleton={<RowsSkeleton rows={3} />}
      isEmpty={(list) => list.length === 0}
      empty={<EmptyNote>{m.installations.none}</EmptyNote>}
    >
      {(installations) => (
        <ScheduleForm
          installations={installations}
          isWorking={creation.isPending}
          error={creation.error}
          onSubmit={creation.mutate}
        />
      )}
    </Loaded>
  );
}

function Removal({ schedule, onDone }: { schedule: ScheduleSummary; onDone: () => void }) {
  const tenant = useTenant();
  const client = useQueryClient();
  const removal = useMutation({
    mutationFn: () => removeSchedule(tenant.id, schedule.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: schedulesKey(tenant.id) });
      onDone();
    },
  });
  return (
    <ConfirmDialog
      title={m.schedules.confirmTitle(schedule.name)}
      body={m.schedules.confirm}
      action={m.automation.remove}
      isOpen
      isWorking={removal.isPending}
      error={removal.error}
      onConfirm={removal.mutate}
      onOpenChange={(isOpen) => isOpen || onDone()}
    />
  );
}
