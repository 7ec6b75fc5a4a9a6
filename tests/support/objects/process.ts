import { join } from 'node:path';

import { build } from 'esbuild';
import { convertV4MiniflareOptions, HttpOptions_Style, Miniflare, Response } from 'miniflare';
import { z } from 'zod';

import { generateKeyPair } from '#contracts/ecdsa';
import { RunEnded } from '#contracts/objects';

import type { ClickHouseStore } from '../stores.ts';

const ROOT = join(import.meta.dirname, '../../..');
const Answer = z.object({ result: z.unknown() });

export interface ObjectsOptions {
  /** Where the objects' SQLite lives: a process started on the same directory continues where the last one was killed. */
  readonly directory: string;
  readonly clickHouse: Pick<ClickHouseStore, 'url' | 'username' | 'password'>;
  readonly trustBundlePem: string;
  /** `host:port` of the one runner there is. */
  readonly runnerAddress: string;
}

/** The objects in a workerd of their own, on disk. */
export class ObjectsProcess {
  readonly ended: RunEnded[] = [];
  private readonly miniflare: Miniflare;
  private readonly url: URL;

  private constructor(miniflare: Miniflare, url: URL, ended: RunEnded[]) {
    this.miniflare = miniflare;
    this.url = url;
    this.ended = ended;
  }

  static async start(options: ObjectsOptions): Promise<ObjectsProcess> {
    const ended: RunEnded[] = [];
    const miniflare = new Miniflare(await configuration(options, ended));
    return new ObjectsProcess(miniflare, await miniflare.ready, ended);
  }

  async call(
    object: 'RUN' | 'USAGE_METER' | 'FLEET',
    name: string,
    method: string,
    argument?: unknown,
  ): Promise<unknown> {
    const response = await fetch(this.url, {
      method: 'POST',
      body: JSON.stringify({ object, name, method, argument }),
    });
    if (!response.ok) throw new Error(`${object}.${method}: ${await response.text()}`);
    return Answer.parse(await response.json()).result;
  }

  watch(runId: string, lastEventId: number): Promise<globalThis.Response> {
    return fetch(new URL(`/watch/${runId}`, this.url), { headers: { 'last-event-id': String(lastEventId) } });
  }

  /** workerd gets SIGKILL, at once: what it had not written is gone. */
  async kill(): Promise<void> {
    await this.miniflare.dispose();
  }
}

async function configuration(options: ObjectsOptions, ended: RunEnded[]) {
  const { clickHouse, trustBundlePem, runnerAddress } = options;
  return convertV4MiniflareOptions({
    host: '127.0.0.1',
    port: 0,
    telemetry: { enabled: false },
    resourcePersistencePath: options.directory,
    workers: [
      {
        name: 'objects',
        modules: true,
        script: await bundle(),
        compatibilityDate: '2026-10-01',
        compatibilityFlags: ['nodejs_compat'],
        bindings: {
          CELL: 'eu-west-1',
          ENVIRONMENT: 'test',
          PUBLIC_URL: 'https://soma.test',
          TRUST_DOMAIN: 'soma.test',
          TRUST_BUNDLE: trustBundlePem,
          AUDIT_SIGNING_KEY: (await generateKeyPair()).privateKeyPem,
          CLICKHOUSE_URL: clickHouse.url,
          CLICKHOUSE_USER: clickHouse.username,
          CLICKHOUSE_PASSWORD: clickHouse.password,
        },
        durableObjects: {
          RUN: { className: 'Run', useSQLite: true },
          USAGE_METER: { className: 'UsageMeter', useSQLite: true },
          AUDIT_LOG: { className: 'AuditLog', useSQLite: true },
          FLEET: { className: 'Fleet', useSQLite: true },
        },
        r2Buckets: ['BLOBS'],
        serviceBindings: {
          SELF: { name: 'objects', entrypoint: 'CellInternal' },
          RUNNERS: { external: { address: runnerAddress, http: { style: HttpOptions_Style.PROXY } } },
          CELL_RECORDS: async (request) => {
            ended.push(RunEnded.parse(await request.json()));
            return new Response(null, { status: 204 });
          },
        },
      },
    ],
  });
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'host.ts')],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser', 'import'],
    external: ['cloudflare:*', 'node:*'],
  });
  const [script] = outputFiles;
  if (!script) throw new Error('esbuild made nothing');
  return script.text;
}
