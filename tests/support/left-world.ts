import { createHash } from 'node:crypto';

import { Pool } from 'pg';

import type { Ctx } from '#cell/context';
import { recordRunCollected } from '#cell/services/artifacts/record-collected';
import { listDatasets } from '#cell/services/datasets/list';
import { removeDataset } from '#cell/services/datasets/remove';
import { recordRunEnded } from '#cell/services/runs/record-ended';
import { storedUsage } from '#cell/services/storage/usage';
import { type InstallationId, newId, type RunId, type TenantId } from '#contracts/ids';
import { Manifest, type ManifestInput } from '#contracts/manifest';
import { RunEnded } from '#contracts/objects';
import { PERMISSIONS } from '#contracts/permissions';
import { NO_USAGE } from '#contracts/run';
import { openDatabase } from '#db/postgres/client';
import { migratePostgres } from '#db/postgres/migrate';

import { type PostgresStore, startPostgres } from './stores.ts';

export interface LeftStores {
  readonly postgres: PostgresStore;
  readonly pool: Pool;
  /** Keys of the bucket, in the order they were deleted in. */
  readonly deleted: string[];
}

/** A real database, and who closes it. */
export async function startLeftStores(): Promise<LeftStores & { close(): Promise<void> }> {
  const postgres = await startPostgres();
  await migratePostgres(process.cwd(), postgres.url);
  const pool = new Pool({ connectionString: postgres.url, max: 2 });
  pool.on('error', () => undefined);
  const close = async () => {
    await pool.end();
    await postgres.close();
  };
  return { postgres, pool, deleted: [], close };
}

/** The platform as it acts for a tenant by itself, over a real database; of the bucket only deletions are heard. */
export class LeftWorld {
  readonly tenantId: TenantId = newId('ten');
  readonly installationId: InstallationId = newId('ins');
  readonly versionId = newId('ver');
  readonly capsule = `acme/tool-${this.tenantId.slice(-12)}`;
  now = new Date();
  /** Whether the bucket answers. */
  isBucketUp = true;
  readonly #stores: LeftStores;

  private constructor(stores: LeftStores) {
    this.#stores = stores;
  }

  static async create(stores: LeftStores): Promise<LeftWorld> {
    const world = new LeftWorld(stores);
    await stores.pool.query(
      `insert into tenants (id, handle, name, cell, residency) values ($1, $2, 'Acme', 'eu-west-1', 'pinned')`,
      [world.tenantId, `t${world.tenantId.slice(-20)}`],
    );
    await stores.pool.query(
      `insert into installations (id, tenant_id, capsule, range, approved, created_at, updated_at)
       values ($1, $2, $3, '^1.0.0', '["artifacts"]', now(), now())`,
      [world.installationId, world.tenantId, world.capsule],
    );
    return world;
  }

  get ctx(): Ctx {
    const { postgres, deleted } = this.#stores;
    const bindings = {
      CELL: 'eu-west-1',
      DATABASE_URL: postgres.url,
      NEON_LOCAL_PROXY: postgres.neonProxy,
      OUTBOX: { send: () => Promise.resolve() },
      BLOBS: {
        head: () => Promise.resolve({}),
        delete: (keys: string[]) =>
          this.isBucketUp ? Promise.resolve(void deleted.push(...keys)) : Promise.reject(new Error('no bucket')),
      },
    };
    return {
      requestId: newId('req'),
      cell: 'eu-west-1',
      zone: 'eu',
      env: Object.assign(Object.create(null), bindings),
      db: openDatabase(postgres.url, postgres.neonProxy),
      now: () => this.now,
      afterwards: () => undefined,
      actor: { type: 'system', id: 'cell/eu-west-1' },
      tenant: { id: this.tenantId, handle: 'acme' },
      permissions: new Set(),
      credential: 'none',
    };
  }

  /** A person of the tenant who may do all of this. */
  get owner(): Ctx {
    return { ...this.ctx, actor: { type: 'user', id: newId('usr') }, permissions: new Set(PERMISSIONS) };
  }

  async startRun(): Promise<RunId> {
    const runId = newId('run');
    await this.#stores.pool.query(
      `insert into runs (id, tenant_id, installation_id, version_id, capsule, version, digest, isolation, state, input, created_at)
       values ($1, $2, $3, $4, $5, '1.0.0', 'sha256:0', 'standard', 'running', '{}', now())`,
      [runId, this.tenantId, this.installationId, this.versionId, this.capsule],
    );
    return runId;
  }

  async end(runId: RunId, left: Partial<RunEnded>): Promise<void> {
    const input = RunEnded.parse({
      runId,
      tenantId: this.tenantId,
      outcome: { state: 'succeeded', cause: 'completed', detail: '', exitCode: 0 },
      usage: NO_USAGE,
      amountNanos: '0',
      output: null,
      receipt: null,
      startedAtMs: null,
      endedAtMs: this.now.getTime(),
      runnerId: null,
      isolation: 'standard',
      attempts: 1,
      ...left,
    });
    await recordRunEnded({ ctx: this.ctx, input });
  }

  collect(runId: RunId, artifactSha256s: string[], datasetNames: string[] = []): Promise<void> {
    const input = { runId, tenantId: this.tenantId, artifactSha256s, datasetNames };
    return recordRunCollected({ ctx: this.ctx, input });
  }

  /** A run that pushes one row of `sizeBytes` under `name`, to its end. */
  async push(name: string, sizeBytes: number): Promise<RunId> {
    const runId = await this.startRun();
    await this.end(runId, { datasets: [part(name, sizeBytes)] });
    await this.collect(runId, [], [name]);
    return runId;
  }

  /** What the version of its runs says, as the catalogue holds it. */
  async capsuleSays(
    says: Pick<ManifestInput, 'artifactRetentionDays' | 'datasetRetentionDays' | 'layers'>,
    digest = 'sha256:0',
  ): Promise<void> {
    const manifest = Manifest.parse({
      name: this.capsule,
      version: '1.0.0',
      title: 'Tool',
      description: 'Leaves files and rows.',
      license: 'MIT',
      runtime: 'node24',
      entrypoint: 'main.js',
      input: true,
      output: true,
      permissions: { artifacts: true, datasets: Object.keys(says.datasetRetentionDays ?? {}) },
      ...says,
    });
    const capsuleId = newId('cap');
    await this.#stores.pool.query(
      `insert into catalogue_capsules (id, name, home_cell, title, description, license, categories, keywords, runtime, permissions,
         latest_digest, revision, updated_at)
       values ($1, $2, 'eu-west-1', 'Tool', '', 'MIT', '[]', '[]', 'node24', '[]', 'sha256:0', 1, now())`,
      [capsuleId, this.capsule],
    );
    await this.#stores.pool.query(
      `insert into catalogue_versions (id, capsule_id, version, digest, size_bytes, manifest, signature, public_key_pem, status,
         revision, published_at)
       values ($1, $2, '1.0.0', $4, 1, $3, '{}', '', 'active', 1, now())`,
      [this.versionId, capsuleId, manifest, digest],
    );
  }

  async rowsIn(name: string): Promise<number> {
    const found = await listDatasets({ ctx: this.owner, input: { id: this.installationId } });
    return found.find((dataset) => dataset.name === name)?.rows ?? 0;
  }

  remove(name: string): Promise<void> {
    return removeDataset({ ctx: this.owner, input: { id: this.installationId, name } });
  }

  async actions(): Promise<string[]> {
    const { rows } = await this.#stores.pool.query<{ entry: string }>(
      `select (record ->> 'action') || ' ' || (record ->> 'outcome') as entry from audit_entries
       where tenant_id = $1 order by id`,
      [this.tenantId],
    );
    return rows.map(({ entry }) => entry);
  }

  usage(until = this.now) {
    return storedUsage(this.ctx.db, this.tenantId, { from: new Date('2020-01-01'), until });
  }

  later(ms: number): void {
    this.now = new Date(this.now.getTime() + ms);
  }
}

/** What a run says of one row that it pushed. */
export function part(name: string, sizeBytes: number) {
  return { name, rows: 1, sizeBytes, sha256: '0'.repeat(64) };
}

/** What a run says of a file that it left. */
export function file(path: string, text: string) {
  return { path, sizeBytes: text.length, sha256: createHash('sha256').update(text).digest('hex') };
}
