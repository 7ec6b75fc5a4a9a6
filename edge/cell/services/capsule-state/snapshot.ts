import { sql } from 'drizzle-orm';
import { z } from 'zod';

import { StateSnapshot } from '#contracts/capsule-state';
import type { InstallationId } from '#contracts/ids';

import type { Platform } from '../../context.ts';

const Row = StateSnapshot.extend({ revision: z.coerce.number().int() });

/** All of an installation's state as of one moment: what a run starts from. */
export async function stateSnapshot({ db }: Platform, installationId: InstallationId): Promise<StateSnapshot> {
  const { rows } = await db.execute(sql`
    select state.revision,
      (select coalesce(json_object_agg(key, value), '{}') from installation_state_entries entry
        where entry.installation_id = state.installation_id) as entries
    from installation_states state where state.installation_id = ${installationId}`);
  const [row] = rows;
  return row ? Row.parse(row) : { revision: 0, entries: {} };
}
