import { type AuditRecord, leafHash } from './audit.ts';
import { fromBase64 } from './base64.ts';
import { toHex } from './digest.ts';
import { importPublicKey, verify } from './ecdsa.ts';
import { DomainError } from './errors.ts';
import { rootOfLeaves } from './merkle.ts';
import type { ChainedEntry, Checkpoint } from './objects.ts';

/** The head of an audit log (C2SP tlog-checkpoint): which log, how many entries, and the RFC 6962 root over all of them. */
export interface LogHead {
  readonly origin: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
}

const NOTE = /^([^\n]{1,200})\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n$/;

/** @throws DomainError `signature_invalid` */
export function parseNote(note: string): LogHead {
  const [, origin, size, root] = NOTE.exec(note) ?? [];
  if (origin === undefined || size === undefined || root === undefined)
    throw broken('the checkpoint is no C2SP note of three lines');
  return { origin, size: Number(size), root: toHex(bytesOf(root)) };
}

export interface ChainToVerify {
  readonly checkpoint: Omit<Checkpoint, 'keyId'>;
  /** All of them, in order. */
  readonly entries: readonly ChainedEntry[];
  /** A key that was kept from before; without one the checkpoint's own is believed. */
  readonly knownKeyPem?: string | undefined;
  readonly tenantId?: string | undefined;
}

export interface VerifiedChain extends LogHead {
  readonly keyFingerprint: string;
}

/**
 * Proves that `entries` are the whole log the checkpoint speaks of: numbered without a gap, each as it was hashed, and the tree
 * over them the one that was signed.
 * @throws DomainError `signature_invalid` that names the first thing that does not hold
 */
export async function verifyChain({
  checkpoint,
  entries,
  knownKeyPem,
  tenantId,
}: ChainToVerify): Promise<VerifiedChain> {
  const head = parseNote(checkpoint.note);
  const key = await importPublicKey(checkpoint.publicKeyPem).catch(() => {
    throw broken('the checkpoint names no ECDSA P-256 key');
  });
  if (knownKeyPem !== undefined && (await importPublicKey(knownKeyPem)).fingerprint !== key.fingerprint) {
    throw broken(`the checkpoint is signed by another key (${key.fingerprint}) than the one that was kept`);
  }
  const isSigned = await verify(key, bytesOf(checkpoint.signature), new TextEncoder().encode(checkpoint.note));
  if (!isSigned) throw broken('the signature does not fit the checkpoint');
  // An empty log has no entry that would tell whose it is.
  if (tenantId !== undefined && head.origin.split('/').at(-1) !== tenantId)
    throw broken(`the checkpoint is of another tenant's log, ${head.origin}`);
  if (entries.length !== head.size)
    throw broken(`the checkpoint speaks of ${head.size} entries; here are ${entries.length}`);
  for (const [index, entry] of entries.entries()) await verifyEntry(entry, index + 1, tenantId);
  if (rootOfLeaves(entries.map((entry) => entry.leafHash)) !== head.root)
    throw broken('the tree over the entries is not the one that was signed');
  return { ...head, keyFingerprint: key.fingerprint };
}

async function verifyEntry(
  { seq, leafHash: stated, record }: ChainedEntry,
  expectedSeq: number,
  tenantId: string | undefined,
): Promise<void> {
  if (seq !== expectedSeq) throw broken(`entry ${expectedSeq} is missing; the next here is ${seq}`);
  if ((await leafHash(record)) !== stated)
    throw broken(`entry ${seq} (${describe(record)}) is not what was hashed: it was altered`);
  if (tenantId !== undefined && record.tenantId !== tenantId)
    throw broken(`entry ${seq} is of another tenant, ${record.tenantId}`);
}

function describe({ id, action }: AuditRecord): string {
  return `${id}, ${action}`;
}

function bytesOf(base64: string): Uint8Array {
  try {
    return fromBase64(base64);
  } catch {
    throw broken('the checkpoint holds what is not base64');
  }
}

function broken(why: string): DomainError {
  return new DomainError('signature_invalid', `the audit log does not hold: ${why}`);
}
