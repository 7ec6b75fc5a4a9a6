import { capsulePathOf } from '#contracts/api/capsules';
import type { Installation } from '#contracts/api/installations';
import type { IsolationClass } from '#contracts/isolation';
import * as capsulesApi from '#contracts/operations/capsules';
import * as installationsApi from '#contracts/operations/installations';

import { assertPermissions, withApproval } from '../approval.ts';
import { collect } from '../collect.ts';
import { connect } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { Refused } from '../failure.ts';
import { call, type Connection } from '../http.ts';
import { type ChangeFlags, changeOf, type FileRetention, granting, type RunLimit } from '../installation-change.ts';
import { findInstallation } from '../installation.ts';
import { printFields, printJson, printLine, printTable } from '../output.ts';

const MOST_INSTALLATIONS = 10_000;

export interface InstallFlags extends JsonFlag {
  readonly range?: string;
  readonly isolation?: IsolationClass;
  readonly maxConcurrentRuns?: RunLimit;
  readonly artifactRetentionDays?: FileRetention;
  readonly approve?: readonly string[];
  readonly approveAll: boolean;
}

export async function install(this: Context, flags: InstallFlags, capsule: string): Promise<void> {
  const { range, isolation, approve = [] } = flags;
  assertPermissions(approve);
  const connection = await connect(this.process.env);
  const maxConcurrentRuns = flags.maxConcurrentRuns?.most;
  const artifactRetentionDays = flags.artifactRetentionDays?.days;
  const approved = flags.approveAll ? await permissionsOfLatest(connection, capsule) : approve;
  const installation = await withApproval(this, { capsule }, (granted) => {
    const approvals = [...approved, ...granted];
    const body = { capsule, range, isolation, maxConcurrentRuns, artifactRetentionDays, approved: approvals };
    return call(installationsApi.install, { body }, connection);
  });
  if (flags.json) return printJson(this.process, installation);
  printFields(this.process, { installed: installation.capsule, ...fieldsOf(installation) });
}

async function permissionsOfLatest(connection: Connection, capsule: string): Promise<string[]> {
  const { latestVersion } = await call(capsulesApi.get, { params: capsulePathOf(capsule) }, connection);
  if (latestVersion === null) return [];
  const params = { ...capsulePathOf(capsule), version: latestVersion };
  return (await call(capsulesApi.getVersion, { params }, connection)).permissions;
}

export async function list(this: Context, { json }: JsonFlag): Promise<void> {
  const connection = await connect(this.process.env);
  const items = await collect(MOST_INSTALLATIONS, (ask) => call(installationsApi.list, { query: ask }, connection));
  if (json) return printJson(this.process, items);
  if (items.length === 0)
    return printLine(this.process, 'Nothing is installed: soma search, then soma install <publisher/slug>');
  printTable(
    this.process,
    ['capsule', 'range', 'isolation', 'runs at once', 'may touch', 'since', 'id'],
    items.map((item) => [
      item.capsule,
      item.range,
      isolationOf(item),
      item.maxConcurrentRuns === null ? null : String(item.maxConcurrentRuns),
      item.approved.join(' ') || 'nothing',
      item.createdAt,
      item.id,
    ]),
  );
}

export async function show(this: Context, { json }: JsonFlag, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const installation = await findInstallation(connection, which);
  if (json) return printJson(this.process, installation);
  printFields(this.process, {
    capsule: installation.capsule,
    'runs now': await versionNow(connection, installation),
    ...fieldsOf(installation),
    installed: installation.createdAt,
    changed: installation.updatedAt,
  });
}

/** The version that a run would get, or why none would start. */
async function versionNow(connection: Connection, { id }: Installation): Promise<string> {
  try {
    return (await call(installationsApi.cost, { params: { id } }, connection)).version;
  } catch (error) {
    if (error instanceof Refused) return `nothing: ${error.problem.detail}`;
    throw error;
  }
}

export async function set(this: Context, { json, ...flags }: ChangeFlags & JsonFlag, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const before = await findInstallation(connection, which);
  const change = changeOf(before, flags);
  const { approved = before.approved } = change;
  const { capsule } = before;
  const after = await withApproval(this, { capsule, ...(flags.revoke && { revoked: flags.revoke }) }, (granted) => {
    const body = granted.length === 0 ? change : { ...change, approved: granting(approved, granted) };
    return call(installationsApi.update, { params: { id: before.id }, body }, connection);
  });
  if (json) return printJson(this.process, after);
  printFields(this.process, { capsule: after.capsule, ...fieldsOf(after) });
}

export async function uninstall(this: Context, _flags: object, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const installation = await findInstallation(connection, which);
  await call(installationsApi.remove, { params: { id: installation.id } }, connection);
  printLine(
    this.process,
    `${installation.capsule} is no longer installed; its runs and receipts stay, its rows for 30 days.`,
  );
}

function fieldsOf(installation: Installation): Readonly<Record<string, string>> {
  const { range, maxConcurrentRuns, artifactRetentionDays, approved, id } = installation;
  return {
    range,
    isolation: isolationOf(installation),
    'runs at once': maxConcurrentRuns === null ? 'as many as there is room for' : `at most ${maxConcurrentRuns}`,
    'files kept': artifactRetentionDays === null ? 'as the capsule says' : `${artifactRetentionDays} days`,
    'may touch': approved.join(', ') || 'nothing',
    id,
  };
}

/** `standard` is the least there is: it leaves the class to the capsule, as saying nothing does. */
function isolationOf({ isolation }: Installation): string {
  return isolation === 'strict' ? 'strict' : 'as the capsule asks';
}
