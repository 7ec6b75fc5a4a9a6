import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { z } from 'zod';

import { Cell } from '#contracts/cells';
import { idOf, newId } from '#contracts/ids';

import { eachCell } from './cells.ts';

const CellSecrets = z.object({
  authSecret: z.string(),
  auditSigningKey: z.string(),
  dataKeys: z.string(),
  postgresPassword: z.string(),
  clickhousePassword: z.string(),
  redisPassword: z.string(),
  upstashToken: z.string(),
  /** No secrets, but as lasting: the runner that comes back after a crash is the one that knows what it lost. */
  runnerIds: z.tuple([idOf('rnr'), idOf('rnr')]),
});
export type CellSecrets = z.infer<typeof CellSecrets>;

const Secrets = z.object({ directoryHmacKey: z.string(), cells: z.record(Cell, CellSecrets) });
export type Secrets = z.infer<typeof Secrets>;

/** The secrets `wrangler.toml` names, made once for a data directory: data written under them must stay readable. */
export async function loadSecrets(path: string): Promise<Secrets> {
  if (!existsSync(path)) await writeSecrets(path, makeSecrets());
  return Secrets.parse(JSON.parse(await readFile(path, 'utf8')));
}

function makeSecrets(): Secrets {
  return {
    directoryHmacKey: randomBytes(32).toString('base64'),
    cells: eachCell(makeCellSecrets),
  };
}

function makeCellSecrets(): CellSecrets {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    authSecret: randomBytes(48).toString('base64'),
    auditSigningKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    dataKeys: `local-1:${randomBytes(32).toString('base64')}`,
    postgresPassword: makePassword(),
    clickhousePassword: makePassword(),
    redisPassword: makePassword(),
    upstashToken: makePassword(),
    runnerIds: [newId('rnr'), newId('rnr')],
  };
}

function makePassword(): string {
  return randomBytes(24).toString('base64url');
}

async function writeSecrets(path: string, secrets: Secrets): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.unfinished`;
  await writeFile(unfinished, JSON.stringify(secrets, undefined, 2), { mode: 0o600 });
  await chmod(unfinished, 0o600);
  await rename(unfinished, path);
}
