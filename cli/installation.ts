import type { Installation } from '#contracts/api/installations';
import * as installationsApi from '#contracts/operations/installations';

import { collect } from './collect.ts';
import { Failure, UsageError } from './failure.ts';
import { call, type Connection } from './http.ts';

const MOST = 10_000;

/** `ins_…` or `publisher/slug`, as a run names it. */
export function namedInstallation(which: string): { installation: string } | { capsule: string } {
  if (/^ins_[0-9a-f]{32}$/.test(which)) return { installation: which };
  if (/^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/.test(which)) return { capsule: which };
  throw new UsageError(`${which} names no installation: expected publisher/slug or ins_…`);
}

/** For what is kept also of an installation that was removed, and is not listed: an id is taken as it is. */
export async function findInstallationId(connection: Connection, which: string): Promise<string> {
  const named = namedInstallation(which);
  if ('installation' in named) return named.installation;
  return (await findInstallation(connection, which)).id;
}

export async function findInstallation(connection: Connection, which: string): Promise<Installation> {
  const named = namedInstallation(which);
  const items = await collect(MOST, (ask) => call(installationsApi.list, { query: ask }, connection));
  const found = items.find((item) =>
    'installation' in named ? item.id === named.installation : item.capsule === named.capsule,
  );
  if (!found) throw new Failure(`${which} is not installed: soma install ${which}`);
  return found;
}
