import type { ReactNode } from 'react';

import type { Permission } from '#contracts/permissions';

import { useMay, useTenant } from '../features/session.ts';
import { type Lacking, RoleNote } from '../ui/role-note.tsx';

/** A way to change something: for those whose role does not include it, the reason stands in its place. */
export function Permitted({ to, children }: { to: Lacking; children: ReactNode }) {
  const { role } = useTenant();
  return useMay(to) ? children : <RoleNote role={role} lacks={to} />;
}

/** Buttons and fields between things that are shown: those whose role does not include what they do cannot press or fill them. */
export function Changeable({ to, children }: { to: Permission; children: ReactNode }) {
  const may = useMay(to);
  return (
    <fieldset disabled={!may} className="min-w-0">
      {children}
    </fieldset>
  );
}
