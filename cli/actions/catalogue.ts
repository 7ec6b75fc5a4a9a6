import { capsulePathOf } from '#contracts/api/capsules';
import * as capsulesApi from '#contracts/operations/capsules';

import { connectAnonymously } from '../config.ts';
import type { Context, JsonFlag } from '../context.ts';
import { call } from '../http.ts';
import { bytes, money, printFields, printJson, printLine, printTable } from '../output.ts';

export interface SearchFlags extends JsonFlag {
  readonly category?: string;
  readonly publisher?: string;
  readonly limit: number;
}

export async function search(this: Context, flags: SearchFlags, ...words: string[]): Promise<void> {
  const connection = await connectAnonymously(this.process.env);
  const q = words.length > 0 ? words.join(' ') : undefined;
  const page = await call(
    capsulesApi.search,
    { query: { q, category: flags.category, publisher: flags.publisher, limit: flags.limit } },
    connection,
  );
  if (flags.json) return printJson(this.process, page.items);
  if (page.items.length === 0) return printLine(this.process, 'No capsule matches.');
  printTable(
    this.process,
    ['capsule', 'publisher', 'version', 'runtime', 'touches', 'a run', 'title'],
    page.items.map((item) => [
      item.name,
      item.isPublisherVerified ? 'verified' : '',
      item.latestVersion,
      item.runtime,
      inShort(item.permissions),
      money(item.perRunNanos),
      item.title,
    ]),
  );
}

/** Which kinds of things it touches, and how many: all of them by name do not fit beside others. */
function inShort(permissions: readonly string[]): string {
  const count = (prefix: string, one: string) => {
    const found = permissions.filter((permission) => permission.startsWith(prefix)).length;
    return found === 0 ? [] : [found === 1 ? `1 ${one}` : `${found} ${one}s`];
  };
  const plain = permissions.filter((permission) => !permission.includes(':'));
  const kinds = [
    ...count('egress:', 'host'),
    ...plain,
    ...count('dataset:', 'data set'),
    ...count('secret:', 'secret'),
  ];
  return kinds.join(', ') || 'nothing';
}

export async function show(this: Context, flags: JsonFlag, name: string): Promise<void> {
  const connection = await connectAnonymously(this.process.env);
  const capsule = await call(capsulesApi.get, { params: capsulePathOf(name) }, connection);
  const latest =
    capsule.latestVersion === null
      ? undefined
      : await call(
          capsulesApi.getVersion,
          { params: { ...capsulePathOf(name), version: capsule.latestVersion } },
          connection,
        );
  if (flags.json) return printJson(this.process, { ...capsule, latest: latest ?? null });
  printLine(this.process, `${capsule.name}  ${capsule.title}\n\n${capsule.description}\n`);
  printFields(this.process, {
    publisher: capsule.isPublisherVerified ? 'verified' : 'not verified: its runs are strict',
    touches: capsule.permissions.join(', ') || 'nothing',
    'a run': `${money(capsule.perRunNanos)} and what it uses: soma cost ${capsule.name}`,
    runtime: capsule.runtime,
    license: capsule.license,
    categories: capsule.categories.join(', ') || undefined,
    home: capsule.homeCell,
    digest: capsule.latestDigest,
  });
  printLine(this.process, '');
  printTable(
    this.process,
    ['version', 'status', 'size', 'published', 'digest'],
    capsule.versions.map((version) => [
      version.version,
      version.status,
      bytes(version.sizeBytes),
      version.publishedAt,
      version.digest,
    ]),
  );
}
