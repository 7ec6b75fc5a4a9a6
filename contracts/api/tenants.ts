import { z } from 'zod';

import { Cell, Zone } from '../cells.ts';
import { idOf } from '../ids.ts';
import { Role } from '../permissions.ts';
import { Email } from './email.ts';
import { textLine } from './paging.ts';

/** A tenant's name in URLs and capsule names; unique in the whole platform. */
export const Handle = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,38}$/, 'expected 2 to 39 lower-case letters, digits and dashes, starting with a letter');

/** `pinned`: data and runs never leave the zone. `replicated`: rows follow to the other cell, and failover moves it there. */
export const Residency = z.enum(['pinned', 'replicated']);
export type Residency = z.infer<typeof Residency>;

export const CreateTenant = z.strictObject({
  name: textLine(80).min(1),
  handle: Handle,
  residency: Residency.default('pinned'),
});
export type CreateTenant = z.infer<typeof CreateTenant>;

export const Tenant = z
  .object({
    id: idOf('ten'),
    name: z.string(),
    handle: z.string(),
    cell: Cell,
    zone: Zone,
    residency: Residency,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Tenant' });
export type Tenant = z.infer<typeof Tenant>;

export const TenantMembership = Tenant.extend({ role: Role.nullable() }).meta({ id: 'TenantMembership' });
export type TenantMembership = z.infer<typeof TenantMembership>;

export const AddMember = z.strictObject({ email: Email, role: Role });
export type AddMember = z.infer<typeof AddMember>;

export const ChangeMember = z.strictObject({ role: Role });
export type ChangeMember = z.infer<typeof ChangeMember>;

export const MemberPath = z.object({ id: idOf('mem') });

export const Member = z
  .object({
    id: idOf('mem'),
    userId: idOf('usr'),
    email: z.string(),
    name: z.string(),
    role: Role,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Member' });
export type Member = z.infer<typeof Member>;
