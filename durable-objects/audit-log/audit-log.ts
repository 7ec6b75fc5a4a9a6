import { DurableObject } from 'cloudflare:workers';
import { z } from 'zod';

import { AuditRecord } from '#contracts/audit';
import type { CompactRange } from '#contracts/merkle';
import type { AuditLogObject, ChainedEntry, Checkpoint } from '#contracts/objects';

import { type AuditLogEnv, nameOf } from '../env.ts';
import { migrate } from '../migrate.ts';
import { parseCall } from '../parse.ts';
import { appendRecords, type Link } from './chain.ts';
import { AUDIT_LOG_MIGRATIONS } from './migrations.ts';
import { signCheckpoint } from './sign-checkpoint.ts';

const Records = AuditRecord.array().max(1_000);
const ListQuery = z.object({ after: z.int().min(0), limit: z.int().min(1).max(1_000) });
const SeqRow = z.object({ seq: z.int() });
const EntryRow = z.object({
  seq: z.int(),
  leaf_hash: z.string(),
  record: z.string().transform((text) => AuditRecord.parse(JSON.parse(text))),
});
const TreeRow = z.object({
  size: z.int(),
  peaks: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.array(z.string())),
});

/** One tenant's audit log, and the only writer of it: entries are appended, never changed. */
export class AuditLog extends DurableObject<AuditLogEnv> implements AuditLogObject {
  constructor(ctx: DurableObjectState, env: AuditLogEnv) {
    super(ctx, env);
    migrate(ctx.storage, AUDIT_LOG_MIGRATIONS);
  }

  async append(records: readonly AuditRecord[]): Promise<number[]> {
    const parsed = parseCall(Records, [...records]);
    const tenantId = nameOf(this.ctx);
    const stranger = parsed.find((record) => record.tenantId !== tenantId);
    if (stranger)
      throw new TypeError(`${stranger.id} is of ${stranger.tenantId}: it does not belong into the log of ${tenantId}`);
    return this.ctx.storage.transactionSync(() => {
      const { links, range, seqs } = appendRecords(this.range(), parsed, (id) => this.seqOf(id));
      for (const link of links) this.insert(link);
      if (links.length > 0) this.saveRange(range);
      return [...seqs];
    });
  }

  async list(query: { after: number; limit: number }): Promise<ChainedEntry[]> {
    const { after, limit } = parseCall(ListQuery, query);
    const rows = this.ctx.storage.sql.exec(
      'SELECT seq, leaf_hash, record FROM entries WHERE seq > ? ORDER BY seq LIMIT ?',
      after,
      limit,
    );
    return [...rows].map((row) => {
      const { seq, leaf_hash: leafHash, record } = EntryRow.parse(row);
      return { seq, leafHash, record };
    });
  }

  async checkpoint(): Promise<Checkpoint> {
    const origin = `${new URL(this.env.PUBLIC_URL).host}/audit/${nameOf(this.ctx)}`;
    return signCheckpoint(origin, this.range(), this.env.AUDIT_SIGNING_KEY);
  }

  private range(): CompactRange {
    return TreeRow.parse(this.ctx.storage.sql.exec('SELECT size, peaks FROM tree').one());
  }

  private saveRange({ size, peaks }: CompactRange): void {
    this.ctx.storage.sql.exec('UPDATE tree SET size = ?, peaks = ?', size, JSON.stringify(peaks));
  }

  private seqOf(recordId: string): number | undefined {
    const row = this.ctx.storage.sql.exec('SELECT seq FROM entries WHERE record_id = ?', recordId).toArray()[0];
    return row && SeqRow.parse(row).seq;
  }

  private insert({ seq, recordId, leafHash, text }: Link): void {
    this.ctx.storage.sql.exec('INSERT INTO entries VALUES (?, ?, ?, ?)', seq, recordId, leafHash, text);
  }
}
