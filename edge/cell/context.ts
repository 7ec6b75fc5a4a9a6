import type { AuditRecord } from '#contracts/audit';
import type { Cell, Zone } from '#contracts/cells';
import { Forbidden } from '#contracts/errors';
import type { RequestId, TenantId } from '#contracts/ids';
import type { Permission } from '#contracts/permissions';
import type { Database } from '#db/postgres/client';

import type { CellEnv } from './env.ts';

/**
 * Who acts, for which tenant, and the one way to that tenant's stores. Made by the `authenticate` middleware from a
 * verified credential; nothing in it comes from a request's body.
 */
export interface Ctx {
  readonly actor: AuditRecord['actor'];
  readonly tenant: { readonly id: TenantId; readonly handle: string };
  readonly permissions: ReadonlySet<Permission>;
  readonly requestId: RequestId;
  readonly cell: Cell;
  readonly zone: Zone;
  readonly env: CellEnv;
  readonly db: Database;
  readonly now: () => Date;
  /** Work that may go on after the answer, such as waking the relay. It must not be what makes the answer true. */
  readonly afterwards: (work: Promise<unknown>) => void;
}

export interface Verb<Input> {
  readonly ctx: Ctx;
  readonly input: Input;
}

export function requirePermission(ctx: Ctx, permission: Permission): void {
  if (!ctx.permissions.has(permission)) throw new Forbidden(permission);
}
