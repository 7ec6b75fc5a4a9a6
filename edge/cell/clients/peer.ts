import type { RemoteJWKSet } from 'jose';

import { CellKeys } from '#contracts/cell-token';
import type { Cell } from '#contracts/cells';
import { Unavailable } from '#contracts/errors';
import { readBounded } from '#contracts/read-bounded';

import type { Platform } from '../context.ts';
import type { CellEnv } from '../env.ts';
import { mintCellToken } from '../services/tokens/cell-token.ts';

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 64 * 2 ** 10;

export interface PeerCall {
  readonly path: `/internal/v1/${string}`;
  readonly json?: unknown;
  /** For the whole answer; ten seconds where not said. */
  readonly timeoutMs?: number;
  /** Of the answer; 64 KiB where not said. */
  readonly maxBytes?: number;
}

export interface PeerAnswer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: Uint8Array<ArrayBuffer>;
}

/**
 * Asks another cell's internal API as this cell. What crosses here is public or opaque; no tenant's data does.
 * @throws Unavailable it does not answer in time, or with more than it may
 */
export async function callPeer(
  platform: Platform,
  peer: Cell,
  { path, json, timeoutMs = TIMEOUT_MS, maxBytes = MOST_BYTES }: PeerCall,
): Promise<PeerAnswer> {
  const binding = bindingOf(platform.env, peer);
  if (!binding) throw new Unavailable(`this cell is not bound to ${peer}`);
  const headers = new Headers({
    authorization: `Bearer ${await mintCellToken(platform, peer)}`,
    'x-request-id': platform.requestId,
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
  });
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(new Error(`${peer} took longer than ${timeoutMs} ms`)), timeoutMs);
  try {
    const response = await binding.fetch(`https://${peer}.soma.internal${path}`, {
      headers,
      signal: aborter.signal,
      ...(json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }),
    });
    const body = response.body ? await readBounded(response.body.getReader(), maxBytes) : new Uint8Array();
    return { status: response.status, contentType: response.headers.get('content-type'), body };
  } catch (cause) {
    aborter.abort(cause);
    throw new Unavailable(`${peer} does not answer`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

const cellKeys = new CellKeys();

/** The keys a peer publishes; none for a cell that this one is not bound to, such as itself. */
export function keysOfPeer(env: CellEnv, peer: Cell): RemoteJWKSet | undefined {
  const binding = bindingOf(env, peer);
  return binding && cellKeys.of(peer, binding);
}

function bindingOf(env: CellEnv, cell: Cell): Fetcher | undefined {
  const bindings: Record<Cell, Fetcher | undefined> = {
    'us-west-2': env.PEER_US_WEST_2,
    'eu-west-1': env.PEER_EU_WEST_1,
  };
  return bindings[cell];
}
