import { capsulePathOf } from '#contracts/api/capsules';
import type { Ask } from '#contracts/client';
import type { IsolationClass } from '#contracts/isolation';
import * as capsulesApi from '#contracts/operations/capsules';
import * as installationsApi from '#contracts/operations/installations';

import { collect } from '../collect.ts';
import { connect } from '../config.ts';
import { type Context, isInteractive, type JsonFlag } from '../context.ts';
import { Failure, Refused } from '../failure.ts';
import { call, type Connection } from '../http.ts';
import { findInstallation } from '../installation.ts';
import { note, printFields, printJson, printLine, printTable } from '../output.ts';

const MOST_INSTALLATIONS = 10_000;

export interface InstallFlags extends JsonFlag {
  readonly range?: string;
  readonly isolation?: IsolationClass;
  readonly approve?: readonly string[];
  readonly approveAll: boolean;
}

export async function install(this: Context, flags: InstallFlags, capsule: string): Promise<void> {
  const connection = await connect(this.process.env);
  const approved = flags.approveAll ? await permissionsOfLatest(connection, capsule) : [...(flags.approve ?? [])];
  const installation = await installOrAsk(this, connection, {
    capsule,
    range: flags.range,
    isolation: flags.isolation,
    approved,
  });
  if (flags.json) return printJson(this.process, installation);
  printFields(this.process, {
    installed: installation.capsule,
    range: installation.range,
    isolation: installation.isolation ?? 'as the capsule asks',
    'may touch': installation.approved.join(', ') || 'nothing',
    id: installation.id,
  });
}

type InstallAsk = Ask<typeof installationsApi.install>['body'] & { readonly approved: string[] };

/** What the platform says is missing is shown, loudly, and granted only by a yes. */
async function installOrAsk(context: Context, connection: Connection, ask: InstallAsk) {
  try {
    return await call(installationsApi.install, { body: ask }, connection);
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.code !== 'approval_required') throw error;
    const missing = missingOf(error);
    note(
      context.process,
      `\n  ${ask.capsule} WANTS TO TOUCH\n${missing.map((permission) => `    ● ${describePermission(permission)}`).join('\n')}\n`,
    );
    if (!isInteractive(context)) {
      throw new Failure(
        `not installed. To grant it:\n  soma install ${ask.capsule} ${missing.map((permission) => `--approve ${permission}`).join(' ')}`,
        { cause: error },
      );
    }
    const { confirm } = await import('@clack/prompts');
    if ((await confirm({ message: 'Grant all of this?', initialValue: false, output: process.stderr })) !== true) {
      throw new Failure('not installed', { cause: error });
    }
    return call(installationsApi.install, { body: { ...ask, approved: [...ask.approved, ...missing] } }, connection);
  }
}

function missingOf(refused: Refused): string[] {
  const { missing } = refused.problem;
  return Array.isArray(missing) ? missing.map(String) : [];
}

function describePermission(permission: string): string {
  const [kind, rest = ''] = permission.split(/:(.*)/s);
  if (kind === 'egress') return `the network: ${rest}`;
  if (kind === 'secret') return `your secret ${rest}`;
  if (kind === 'dataset') return `rows for the data set ${rest}, kept in your region`;
  if (kind === 'state') return 'state: what one run notes down and the next one reads';
  return kind === 'artifacts' ? 'artifacts: files it hands back' : permission;
}

async function permissionsOfLatest(connection: Connection, capsule: string): Promise<string[]> {
  const { latestVersion } = await call(capsulesApi.get, { params: capsulePathOf(capsule) }, connection);
  if (latestVersion === null) return [];
  const params = { ...capsulePathOf(capsule), version: latestVersion };
  return (await call(capsulesApi.getVersion, { params }, connection)).permissions;
}

export async function installations(this: Context, { json }: JsonFlag): Promise<void> {
  const connection = await connect(this.process.env);
  const items = await collect(MOST_INSTALLATIONS, (ask) => call(installationsApi.list, { query: ask }, connection));
  if (json) return printJson(this.process, items);
  if (items.length === 0)
    return printLine(this.process, 'Nothing is installed: soma search, then soma install <publisher/slug>');
  printTable(
    this.process,
    ['capsule', 'range', 'may touch', 'since', 'id'],
    items.map((item) => [item.capsule, item.range, item.approved.join(' ') || 'nothing', item.createdAt, item.id]),
  );
}

export async function uninstall(this: Context, _flags: object, which: string): Promise<void> {
  const connection = await connect(this.process.env);
  const installation = await findInstallation(connection, which);
  await call(installationsApi.remove, { params: { id: installation.id } }, connection);
  printLine(this.process, `${installation.capsule} is no longer installed; its runs and receipts stay.`);
}
