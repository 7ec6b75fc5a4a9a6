import { type SQL, sql } from 'drizzle-orm';

import type { AuditRecord } from '#contracts/audit';
import { STATE_LIMITS, type StateChange, stateEntryBytes } from '#contracts/capsule-state';

import type { Ctx } from '../../context.ts';

/** The entry of the change, and that of one that could not be made, where nobody is there to be told. */
export interface Evidence {
  readonly done: AuditRecord;
  readonly refused?: AuditRecord;
}

/**
 * The parts of a statement that change an installation's state, all of it or nothing: `target` names that statement's row with the
 * `installation_id`, and `state_now` is the one row that says it was done. The last writer of a key wins; where the whole would grow
 * beyond its limits nothing is changed. `installationLock` comes first.
 */
export function commitState({ tenant }: Ctx, target: string, changes: readonly StateChange[], evidence: Evidence): SQL {
  const { done, refused } = evidence;
  const told = (record: AuditRecord) => sql`select ${record.id}, ${tenant.id}, ${JSON.stringify(record)}::jsonb`;
  const at = sql`${done.time}::timestamptz`;
  const source = sql.identifier(target);
  return sql`
    state_changes as (
      select key, value, size_bytes
      from json_to_recordset(${JSON.stringify(changes.map(rowOf))}::json) as change(key text, value text, size_bytes int)
    ), state_after as (
      select source.installation_id, kept.keys + added.keys as keys, kept.bytes + added.bytes as bytes
      from ${source} as source,
        lateral (
          select count(*) as keys, coalesce(sum(size_bytes), 0) as bytes from installation_state_entries entry
          where entry.installation_id = source.installation_id and entry.key not in (select key from state_changes)
        ) as kept,
        (select count(*) as keys, coalesce(sum(size_bytes), 0) as bytes from state_changes where value is not null) as added
      where exists (select from state_changes) and exists (
        select from installations where installations.id = source.installation_id and removed_at is null
      )
    ), state_now as (
      insert into installation_states (installation_id, tenant_id, revision, updated_at)
      select installation_id, ${tenant.id}, 1, ${at} from state_after
      where keys <= ${STATE_LIMITS.maxKeys}::int and bytes <= ${STATE_LIMITS.maxBytes}::int
      on conflict (installation_id) do update
        set revision = installation_states.revision + 1, updated_at = excluded.updated_at
      returning installation_id, revision
    ), state_gone as (
      delete from installation_state_entries entry using state_now, state_changes change
      where entry.installation_id = state_now.installation_id and entry.key = change.key and change.value is null
    ), state_kept as (
      insert into installation_state_entries (installation_id, key, value, size_bytes, revision, updated_at)
      select state_now.installation_id, key, value::json, size_bytes, revision, ${at} from state_now, state_changes
      where value is not null
      on conflict (installation_id, key) do update set value = excluded.value, size_bytes = excluded.size_bytes,
        revision = excluded.revision, updated_at = excluded.updated_at
    ), state_closed as (
      -- Who waited for their turn, or has another clock, may tell of an earlier time than whoever came before.
      update stored_objects set stored_until = greatest(stored_from, ${at}) from state_now
      where key = 'state/' || installation_id and stored_until is null
      returning stored_until
    ), state_opened as (
      insert into stored_objects (tenant_id, kind, key, size_bytes, stored_from)
      -- Where the old interval ends, which is closed before this one opens.
      select ${tenant.id}, 'state', 'state/' || state_now.installation_id, bytes,
        coalesce((select stored_until from state_closed), ${at})
      from state_now join state_after using (installation_id)
      where bytes > 0
    ), state_told as (
      insert into audit_entries (id, tenant_id, record)
      ${told(done)} from state_now
      ${refused ? sql`union all ${told(refused)} from state_after where not exists (select from state_now)` : sql``}
    )`;
}

function rowOf(change: StateChange) {
  if (!('value' in change)) return { key: change.key, value: null, size_bytes: 0 };
  const { key, value } = change;
  // As text: a JSON null in a record set would be no value at all.
  return { key, value: JSON.stringify(value), size_bytes: stateEntryBytes(key, value) };
}
