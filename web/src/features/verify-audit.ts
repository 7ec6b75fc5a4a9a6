import { z } from 'zod';

import type { AuditCheckpoint, AuditEntries } from '#contracts/api/audit';
import { parseNote, verifyChain } from '#contracts/checkpoint';
import { DomainError } from '#contracts/errors';
import type { TenantId } from '#contracts/ids';
import { rootOfLeaves } from '#contracts/merkle';

import { readCheckpoint, readEntries } from '../api/audit.ts';

export type Verdict =
  | { readonly kind: 'intact'; readonly size: number; readonly sinceSize: number | undefined }
  | { readonly kind: 'altered'; readonly reason: string };

/** What this browser has verified before: a log that was rewritten since, or is signed by another key, does not pass. */
const KeptHead = z.object({ size: z.int(), root: z.string(), publicKeyPem: z.string() });
export type KeptHead = z.infer<typeof KeptHead>;

export interface AuditSource {
  readonly checkpoint: () => Promise<AuditCheckpoint>;
  readonly entriesAfter: (seq: number) => Promise<AuditEntries['items']>;
}

/** Reads the whole chain and recomputes it here; the service is asked for entries, never for the verdict. */
export async function verifyAuditLog(
  tenant: TenantId,
  onProgress: (progress: { done: number; size: number }) => void,
): Promise<Verdict> {
  const source: AuditSource = {
    checkpoint: () => readCheckpoint(tenant),
    entriesAfter: (seq) => readEntries(tenant, seq),
  };
  const storageKey = `soma.audit.${tenant}`;
  const kept = keptHead(localStorage.getItem(storageKey));
  const { verdict, head } = await verifyFrom(source, tenant, kept, onProgress);
  if (head) localStorage.setItem(storageKey, JSON.stringify(head));
  return verdict;
}

/** Exported for its tests. */
export async function verifyFrom(
  source: AuditSource,
  tenantId: TenantId,
  kept: KeptHead | undefined,
  onProgress: (progress: { done: number; size: number }) => void,
): Promise<{ verdict: Verdict; head?: KeptHead }> {
  const checkpoint = await source.checkpoint();
  try {
    const { size } = parseNote(checkpoint.note);
    const entries: AuditEntries['items'] = [];
    while (entries.length < size) {
      // oxlint-disable-next-line no-await-in-loop -- a page begins where the one before it ends
      const page = await source.entriesAfter(entries.length);
      if (page.length === 0) break;
      entries.push(...page.slice(0, size - entries.length));
      onProgress({ done: entries.length, size });
    }
    const { root } = await verifyChain({ checkpoint, entries, knownKeyPem: kept?.publicKeyPem, tenantId });
    const reason = kept && rewrittenSince(kept, entries);
    if (reason) return { verdict: { kind: 'altered', reason } };
    return {
      verdict: { kind: 'intact', size, sinceSize: kept?.size },
      head: { size, root, publicKeyPem: checkpoint.publicKeyPem },
    };
  } catch (error) {
    if (error instanceof DomainError) return { verdict: { kind: 'altered', reason: error.message } };
    throw error;
  }
}

/** A log only grows: what was verified before is a prefix of what is verified now (RFC 6962 §2.1). */
function rewrittenSince(kept: KeptHead, entries: AuditEntries['items']): string | undefined {
  if (kept.size > entries.length)
    return `this browser has seen ${kept.size} entries before; now there are ${entries.length}`;
  const root = rootOfLeaves(entries.slice(0, kept.size).map(({ leafHash }) => leafHash));
  return root === kept.root ? undefined : `the first ${kept.size} entries are not those this browser has seen before`;
}

function keptHead(text: string | null): KeptHead | undefined {
  if (text === null) return undefined;
  try {
    return KeptHead.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
