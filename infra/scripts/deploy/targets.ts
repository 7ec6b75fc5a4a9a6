import { join } from 'node:path';

import { unstable_readConfig } from 'wrangler';

import { type Cell, CELLS } from '#contracts/cells';
import { parseIssuers } from '#contracts/trusted-issuers';

import { ROOT, wrangler } from './wrangler.ts';

export interface Target {
  /** Of `wrangler.toml`; empty for the router. */
  readonly environment: string;
  readonly name: string;
  readonly requiredSecrets: readonly string[];
  readonly cell: Cell | undefined;
  readonly clickHouse: { readonly url: string; readonly username: string } | undefined;
}

/** The cells first: a new router may need what only a new cell answers, never the other way round. */
export function deploymentTargets(): readonly Target[] {
  return [...CELLS.map((cell) => readTarget(cell, cell)), readTarget('', undefined)];
}

function readTarget(environment: string, cell: Cell | undefined): Target {
  const { name, secrets, vars } = unstable_readConfig(
    { config: join(ROOT, 'wrangler.toml'), env: environment },
    { hideWarnings: true },
  );
  if (name === undefined) throw new Error(`wrangler.toml names no Worker for the environment "${environment}"`);
  const { OIDC_ISSUERS: issuers } = vars;
  if (typeof issuers === 'string') parseIssuers(issuers, { isDevelopment: false });
  const { CLICKHOUSE_URL: url, CLICKHOUSE_USER: username } = vars;
  const clickHouse = typeof url === 'string' && typeof username === 'string' ? { url, username } : undefined;
  return { environment, name, requiredSecrets: secrets?.required ?? [], cell, clickHouse };
}

/** Cloudflare's code for "This Worker does not exist on your account". */
const NO_SUCH_WORKER = /code: 10007\b/;

export async function isDeployed({ name }: Target): Promise<boolean> {
  const { code, output } = await wrangler(['deployments', 'list', '--name', name, '--json'], { isQuiet: true });
  if (code === 0) return true;
  if (NO_SUCH_WORKER.test(output)) return false;
  throw new Error(`cannot tell whether ${name} exists:\n${output.trim()}`);
}
