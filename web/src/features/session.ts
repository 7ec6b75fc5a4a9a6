import { useQuery } from '@tanstack/react-query';
import { createContext, useContext, useSyncExternalStore } from 'react';

import type { Me } from '#contracts/api/accounts';
import type { TenantMembership } from '#contracts/api/tenants';
import { includes, type Permission } from '#contracts/permissions';

import { session } from '../api/accounts.ts';
import { chosenTenant, subscribeToChoice } from './tenant-choice.ts';

export function useSession() {
  return useQuery(session);
}

/** The tenant that was chosen last, else the first one. */
export function useCurrentTenant(me: Me | null | undefined): TenantMembership | undefined {
  const chosen = useSyncExternalStore(subscribeToChoice, chosenTenant);
  return me?.tenants.find(({ id }) => id === chosen) ?? me?.tenants[0];
}

export const TenantContext = createContext<TenantMembership | undefined>(undefined);

/** The tenant of a page below `TenantArea`. */
export function useTenant(): TenantMembership {
  const tenant = useContext(TenantContext);
  if (!tenant) throw new TypeError('useTenant() stands below TenantArea only');
  return tenant;
}

/** Whether the one who is signed in may do it in this tenant: the cell decides by the same rule. */
export function useMay(permission: Permission): boolean {
  return includes(useTenant().role, permission);
}
