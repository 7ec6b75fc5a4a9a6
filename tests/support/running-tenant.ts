import { randomUUID } from 'node:crypto';

import { fetchLog } from '#cli/actions/audit';
import { startAndFollow } from '#cli/follow';
import { call, type Connection } from '#cli/http';
import type { AuditItem } from '#contracts/api/audit';
import { Installation } from '#contracts/api/installations';
import type { RunSummary } from '#contracts/api/runs';
import { TenantUsage } from '#contracts/api/usage';
import type { Cell } from '#contracts/cells';
import { verifyChain, type VerifiedChain } from '#contracts/checkpoint';
import type { Frame } from '#contracts/frames';
import type { ManifestInput } from '#contracts/manifest';
import * as auditApi from '#contracts/operations/audit';
import * as runsApi from '#contracts/operations/runs';
import { PERMISSIONS } from '#contracts/permissions';

import { bundleOf, Publisher } from './publisher.ts';

/** One tenant that publishes a capsule of its own, installs it and runs it with an API key: the shortest way to a real run. */
export class RunningTenant {
  readonly publisher: Publisher;
  readonly connection: Connection;
  readonly #url: string;

  private constructor(url: string, publisher: Publisher, apiKey: string) {
    this.#url = url;
    this.publisher = publisher;
    this.connection = { origin: url, credential: apiKey };
  }

  static async create(
    url: string,
    region: Cell,
    { budgetNanos = '100000000000', isVerified = true } = {},
  ): Promise<RunningTenant> {
    const publisher = await Publisher.create(url, region, { isVerified });
    const { key } = await publisher.owner.createApiKey(PERMISSIONS);
    const answer = await publisher.owner.ask('/v1/budget', { method: 'PUT', json: { limitNanos: budgetNanos } });
    if (answer.status !== 200) throw new Error(`no budget: ${answer.status} ${JSON.stringify(answer.body)}`);
    return new RunningTenant(url, publisher, key);
  }

  /** Publishes `source` as a Node handler under `slug`, and installs it. */
  async installs(
    slug: string,
    source: string,
    change: Partial<ManifestInput> = {},
    approved: readonly string[] = [],
  ): Promise<Installation> {
    const name = `${this.publisher.handle}/${slug}`;
    const manifest = this.publisher.manifest({ name, input: true, ...change });
    const published = await this.publisher.upload(bundleOf(manifest, { [manifest.entrypoint]: source }), { slug });
    if (published.status !== 201)
      throw new Error(`not published: ${published.status} ${JSON.stringify(published.body)}`);
    const answer = await this.publisher.owner.ask('/v1/installations', { json: { capsule: name, approved } });
    if (answer.status !== 201) throw new Error(`not installed: ${answer.status} ${JSON.stringify(answer.body)}`);
    return Installation.parse(answer.body);
  }

  /** Starts a run and hands over its frames as they come, over as many connections as it takes; `onKnown` hears its id before them. */
  async *run(
    installation: Installation,
    input: unknown,
    onKnown: (runId: string) => void = () => undefined,
  ): AsyncGenerator<Frame & { readonly runId: string }> {
    let runId = '';
    const options = { signal: AbortSignal.timeout(120_000), idempotencyKey: randomUUID() };
    for await (const followed of startAndFollow(this.connection, { installation: installation.id, input }, options)) {
      if (followed.kind === 'frame') yield { ...followed.frame, runId };
      else onKnown((runId = followed.run.id));
    }
  }

  /** All runs there ever were, without what may be large. */
  async listRuns(): Promise<RunSummary[]> {
    return pages((page) => call(runsApi.list, { query: page }, this.connection));
  }

  findRun(id: string) {
    return call(runsApi.get, { params: { id } }, this.connection);
  }

  async usage(): Promise<TenantUsage> {
    return TenantUsage.parse((await this.publisher.owner.ask('/v1/usage')).body);
  }

  /** All audit entries of an action, the newest first, chained or pending. */
  async auditEntries(action: string): Promise<AuditItem[]> {
    return pages((page) => call(auditApi.list, { query: { ...page, action } }, this.connection));
  }

  /** Takes the whole log away and proves it complete and unaltered. @throws where it is not */
  async verifyAudit(): Promise<VerifiedChain> {
    return verifyChain({ ...(await fetchLog(this.connection)), tenantId: this.publisher.tenantId });
  }

  get url(): string {
    return this.#url;
  }
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

async function pages<T>(ask: (page: { limit: number; cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = [];
  for (let page = await ask({ limit: 100 }); ; page = await ask({ limit: 100, cursor: page.next })) {
    all.push(...page.items);
    if (page.next === null) return all;
  }
}
