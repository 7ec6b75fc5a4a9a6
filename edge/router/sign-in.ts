import { z } from 'zod';

import { Cell, cellOfCode, CELLS } from '#contracts/cells';
import { directoryShard } from '#contracts/directory';
import { emailHash } from '#contracts/email-hash';
import { readWithin, tooLarge } from '#contracts/request-body';

import type { Home } from './credentials.ts';
import type { RouterEnv } from './env.ts';

/** Requests of people nobody knows yet: their cell stands in the body, or is found by the address in it. */
const PATHS = new Set(['/v1/auth/sign-up', '/v1/auth/sign-in', '/v1/auth/device', '/v1/auth/device/token']);
const BODY_BOUNDS = { maxBytes: 16 * 1_024, withinMs: 10_000 };

const Hints = z.object({
  region: Cell.optional().catch(undefined),
  email: z.email().max(254).optional().catch(undefined),
  device_code: z
    .string()
    .regex(/^soma_dev_[a-z0-9]{4}_/)
    .optional()
    .catch(undefined),
});

export function isSignIn(request: Request, path: string): boolean {
  return request.method === 'POST' && PATHS.has(path);
}

/**
 * Where a sign-up or sign-in goes, and the request with its body still to be read. A body that says nothing sensible goes anywhere:
 * every cell refuses it the same way.
 */
export async function homeOfSignIn(
  request: Request,
  env: RouterEnv,
): Promise<{ home: Home | undefined; request: Request }> {
  const body = await readBody(request);
  const rest = new Request(request, { method: 'POST', body });
  const hints = Hints.safeParse(parsed(body));
  return { home: hints.success ? await homeOfHints(hints.data, env) : undefined, request: rest };
}

async function homeOfHints(
  { region, email, device_code }: z.infer<typeof Hints>,
  env: RouterEnv,
): Promise<Home | undefined> {
  if (device_code !== undefined) {
    const cell = cellOfCode(device_code.split('_')[2] ?? '');
    return cell && { cell, because: 'credential' };
  }
  if (region !== undefined) return { cell: region, because: 'region' };
  if (email === undefined) return undefined;

  const key = await emailHash(env.DIRECTORY_HMAC_KEY, email);
  const name = { kind: 'email-hash', key } as const;
  const found = await env.DIRECTORY.get(env.DIRECTORY.idFromName(directoryShard(name))).find(name);
  // An address that is not known is refused by a cell all the same, always by the same one: nothing tells the two apart.
  const cell = found?.cell ?? CELLS[Number.parseInt(key.slice(0, 8), 16) % CELLS.length];
  return cell && { cell, because: 'directory' };
}

async function readBody({ headers, body }: Request): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(headers.get('content-length') ?? '0') > BODY_BOUNDS.maxBytes) throw tooLarge(BODY_BOUNDS.maxBytes);
  return body ? readWithin(BODY_BOUNDS, body) : new Uint8Array();
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
