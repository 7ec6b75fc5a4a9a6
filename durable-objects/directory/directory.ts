import { DurableObject } from 'cloudflare:workers';
import { z } from 'zod';

import { Cell } from '#contracts/cells';
import type { DirectoryClaim, DirectoryObject } from '#contracts/objects';

import { migrate } from '../migrate.ts';
import { parseCall } from '../parse.ts';
import { DIRECTORY_MIGRATIONS } from './migrations.ts';

/** Bounded, and never an address: a keyed hash in hex or base64url, or a public handle. */
const Name = z.object({
  kind: z.enum(['email-hash', 'handle']),
  key: z.string().regex(/^[A-Za-z0-9_=-]{2,128}$/, 'expected a keyed hash or a handle, never an address'),
});
const Owner = z.string().min(1).max(128);
const ClaimRequest = Name.extend({ cell: Cell, owner: Owner });
const ReleaseRequest = Name.extend({ owner: Owner });
const Holder = z.object({ cell: Cell, owner: z.string() });

/**
 * The global directory: which cell an account or a public name belongs to. It knows opaque ids, keyed hashes, public handles and cells,
 * and nothing else about anybody.
 */
export class Directory extends DurableObject<unknown> implements DirectoryObject {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    migrate(ctx.storage, DIRECTORY_MIGRATIONS);
  }

  async claim(request: z.input<typeof ClaimRequest>): Promise<DirectoryClaim> {
    const { kind, key, cell, owner } = parseCall(ClaimRequest, request);
    return this.ctx.storage.transactionSync(() => {
      const holder = this.holderOf(kind, key);
      if (holder) return { kind: holder.owner === owner ? 'claimed' : 'taken', ...holder };
      this.ctx.storage.sql.exec('INSERT INTO claims VALUES (?, ?, ?, ?, ?)', kind, key, cell, owner, Date.now());
      return { kind: 'claimed', cell, owner };
    });
  }

  async find(name: z.input<typeof Name>): Promise<{ cell: Cell; owner: string } | undefined> {
    const { kind, key } = parseCall(Name, name);
    return this.holderOf(kind, key);
  }

  async release(request: z.input<typeof ReleaseRequest>): Promise<boolean> {
    const { kind, key, owner } = parseCall(ReleaseRequest, request);
    const { rowsWritten } = this.ctx.storage.sql.exec(
      'DELETE FROM claims WHERE kind = ? AND key = ? AND owner = ?',
      kind,
      key,
      owner,
    );
    return rowsWritten > 0;
  }

  private holderOf(kind: string, key: string): z.infer<typeof Holder> | undefined {
    const row = this.ctx.storage.sql
      .exec('SELECT cell, owner FROM claims WHERE kind = ? AND key = ?', kind, key)
      .toArray()[0];
    return row && Holder.parse(row);
  }
}
