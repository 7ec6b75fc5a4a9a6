import { capsulePathOf, type VersionStatus } from '#contracts/api/capsules';
import * as capsulesApi from '#contracts/operations/capsules';

import { connect, connectAnonymously } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { call } from '../http.ts';
import { bytes, printJson, printLine, printTable } from '../output.ts';

export interface StatusFlags extends JsonFlag {
  readonly status: VersionStatus;
}

const MEANING: Readonly<Record<VersionStatus, string>> = {
  active: 'ranges take it, and anybody can install it',
  deprecated: 'it still runs where it is pinned, and no range takes it',
  yanked: 'nothing starts it, also where it is pinned',
};

export async function list(this: Context, { json }: JsonFlag, capsule: string): Promise<void> {
  const connection = await connectAnonymously(this.process.env);
  const { versions } = await call(capsulesApi.get, { params: capsulePathOf(capsule) }, connection);
  if (json) return printJson(this.process, versions);
  printTable(
    this.process,
    ['version', 'status', 'published', 'size', 'digest'],
    versions.map(({ version, status, publishedAt, sizeBytes, digest }) => [
      version,
      status,
      publishedAt,
      bytes(sizeBytes),
      digest,
    ]),
  );
}

export async function set(
  this: Context,
  { json, status }: StatusFlags,
  capsule: string,
  version: string,
): Promise<void> {
  const params = { ...capsulePathOf(capsule), version };
  const changed = await call(capsulesApi.setStatus, { params, body: { status } }, await connect(this.process.env));
  if (json) return printJson(this.process, changed);
  printLine(this.process, `${capsule} ${changed.version} is ${changed.status}: ${MEANING[changed.status]}.`);
}
