import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parseSpiffeId } from '#contracts/spiffe';
import { authoritiesFor, UntrustedCertificate, verifySvid, certificatesOf } from '#contracts/x509';
import { type Authority, createAuthority, issueCertificate } from '#contracts/x509-authority';

import { writeAtomically } from './write-atomically.ts';

/** The development authority: one root on disk, short-lived X.509-SVIDs for the parts of the local platform. */
const ROOT_LIFETIME_MS = 2 * 365 * 86_400_000;
/** A root is replaced while it outlives whatever it will have signed. */
const ROOT_RENEWAL_MS = 30 * 86_400_000;
const RETRY_MS = 1_000;

export interface DevelopmentCaOptions {
  readonly dataDir: string;
  readonly trustDomain: string;
  readonly svidTtlMs: number;
}

export interface SvidRequest {
  readonly spiffeId: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** Gets `svid.pem`, `svid.key` and `bundle.pem`, and keeps them fresh. */
  readonly directory: string;
}

export interface DevelopmentCa {
  trustBundlePem(): string;
  /** Returns once the first SVID is written; others follow at half of its life until the authority is closed. */
  issue(request: SvidRequest): Promise<void>;
  close(): Promise<void>;
}

export async function startDevelopmentCa(options: DevelopmentCaOptions): Promise<DevelopmentCa> {
  const { dataDir, trustDomain, svidTtlMs } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const authority = (await loadAuthority(dataDir, trustDomain)) ?? (await makeAuthority(dataDir, trustDomain));
  const timers = new Map<string, NodeJS.Timeout>();
  const writing = new Map<string, Promise<void>>();
  let isClosed = false;

  const renewLater = (request: SvidRequest, delayMs: number): void => {
    if (isClosed) return;
    clearTimeout(timers.get(request.directory));
    const renew = (): void => {
      const work = writeSvid(authority, request, svidTtlMs).then(
        () => renewLater(request, svidTtlMs / 2),
        (error: unknown) => {
          console.error(`${request.spiffeId} could not be renewed`, error);
          renewLater(request, Math.min(RETRY_MS, svidTtlMs / 10));
        },
      );
      writing.set(request.directory, work);
    };
    timers.set(request.directory, setTimeout(renew, delayMs).unref());
  };

  return {
    trustBundlePem: () => authority.certificatePem,
    async issue(request) {
      if (isClosed) throw new Error('the development authority is closed');
      if (parseSpiffeId(request.spiffeId)?.trustDomain !== trustDomain) {
        throw new Error(`${request.spiffeId} is not of the trust domain ${trustDomain}`);
      }
      await mkdir(request.directory, { recursive: true, mode: 0o700 });
      await writeSvid(authority, request, svidTtlMs);
      renewLater(request, svidTtlMs / 2);
    },
    async close() {
      isClosed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(writing.values());
    },
  };
}

async function writeSvid(authority: Authority, request: SvidRequest, ttlMs: number): Promise<void> {
  const { spiffeId, dnsNames, ipAddresses, directory } = request;
  const issued = await issueCertificate(authority, {
    uris: [spiffeId],
    dnsNames,
    ipAddresses,
    notAfterMs: Date.now() + ttlMs,
  });
  // A reader takes a key and a certificate only where they fit, so the moment between the two does no harm.
  await writeAtomically(join(directory, 'bundle.pem'), authority.certificatePem, 0o644);
  await writeAtomically(join(directory, 'svid.key'), issued.privateKeyPem, 0o600);
  await writeAtomically(join(directory, 'svid.pem'), issued.certificatePem, 0o644);
}

/** The root of the last start; undefined where there is none that can still be used. */
async function loadAuthority(dataDir: string, trustDomain: string): Promise<Authority | undefined> {
  try {
    const [certificatePem, privateKeyPem] = await Promise.all([
      readFile(rootPath(dataDir, 'pem'), 'utf8'),
      readFile(rootPath(dataDir, 'key'), 'utf8'),
    ]);
    const authority = { certificatePem, privateKeyPem };
    await assertUsable(authority, trustDomain);
    return authority;
  } catch (error) {
    if (error instanceof UntrustedCertificate || error instanceof RangeError || isMissing(error)) return undefined;
    throw error;
  }
}

/** Key and certificate fit, and for long enough, exactly if what the one signs is valid by the other. */
async function assertUsable(authority: Authority, trustDomain: string): Promise<void> {
  authoritiesFor(authority.certificatePem, trustDomain);
  const atMs = Date.now() + ROOT_RENEWAL_MS;
  const probe = await issueCertificate(authority, {
    uris: [`spiffe://${trustDomain}/probe`],
    notAfterMs: atMs + 60_000,
  });
  const chain = certificatesOf(probe.certificatePem);
  await verifySvid({ chain, trustBundlePem: authority.certificatePem, atMs });
}

async function makeAuthority(dataDir: string, trustDomain: string): Promise<Authority> {
  const authority = await createAuthority(trustDomain, { notAfterMs: Date.now() + ROOT_LIFETIME_MS });
  await writeAtomically(rootPath(dataDir, 'key'), authority.privateKeyPem, 0o600);
  await writeAtomically(rootPath(dataDir, 'pem'), authority.certificatePem, 0o644);
  return authority;
}

function rootPath(dataDir: string, extension: 'pem' | 'key'): string {
  return join(dataDir, `root.${extension}`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
