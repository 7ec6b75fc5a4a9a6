import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import { request } from 'node:https';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { URL } from 'node:url';

import { PublisherVerification } from '#contracts/api/publishers';
import type { Cell } from '#contracts/cells';
import { cellSpiffeId } from '#contracts/identity';
import { MtlsAgent } from '#runner/identity/client-tls';
import { fileIdentitySource } from '#runner/identity/file-source';

import { TRUST_DOMAIN } from './platform/site.ts';
import { findRunningPlatform } from './state.ts';

const TIMEOUT_MS = 30_000;

/** Where the development authority keeps the certificate of whoever operates the platform on this machine. */
export function operatorDirectory(dataDirectory: string): string {
  return join(resolve(dataDirectory), 'identity', 'operator');
}

export interface Verification {
  /** Of the platform that runs on this machine. */
  readonly dataDirectory: string;
  /** The publisher's home. */
  readonly cell: Cell;
  readonly handle: string;
  readonly isVerified: boolean;
}

export class PublisherUnknown extends Error {
  constructor({ handle, cell }: Verification) {
    super(`${handle} has no home in ${cell}`);
    this.name = 'PublisherUnknown';
  }
}

/**
 * Verifies a publisher as an operator does: over mutual TLS, at the door of the publisher's home cell.
 * @throws PublisherUnknown its home is not there
 */
export async function setPublisherVerified(verification: Verification): Promise<PublisherVerification> {
  const { dataDirectory, cell, handle, isVerified } = verification;
  const platform = await findRunningPlatform(dataDirectory);
  if (!platform) throw new Error(`no platform runs on ${dataDirectory}`);
  const identity = await fileIdentitySource(operatorDirectory(dataDirectory));
  const agent = new MtlsAgent({ identity, isExpected: (id) => id === cellSpiffeId(TRUST_DOMAIN, cell) });
  try {
    const path = `/internal/v1/publishers/${handle}/verification`;
    const outgoing = request(new URL(path, platform.cells[cell].mtlsUrl), {
      method: 'PUT',
      agent,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    outgoing.end(JSON.stringify({ isVerified }));
    const { status, body } = await answerOf(outgoing);
    if (status === 404) throw new PublisherUnknown(verification);
    if (status !== 200) throw new Error(`${cell} answered ${status}: ${body.slice(0, 500)}`);
    return PublisherVerification.parse(JSON.parse(body));
  } finally {
    agent.destroy();
    identity.close();
  }
}

async function answerOf(outgoing: ClientRequest): Promise<{ status: number; body: string }> {
  const [response] = await once(outgoing, 'response');
  return { status: response.statusCode ?? 0, body: await text(response) };
}
