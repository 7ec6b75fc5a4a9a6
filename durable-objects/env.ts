import { Cell } from '#contracts/cells';
import { withinZone } from '#contracts/object-namespace';
import type { CellInternal, FleetObject, RunObject, UsageMeterObject } from '#contracts/objects';

/** What each object needs of its Worker's environment: the cell's own has all of it, and more. */
type Objects<T> = DurableObjectNamespace<T & Rpc.DurableObjectBranded>;

interface Placed {
  readonly CELL: string;
  readonly ENVIRONMENT: string;
}

export interface RunEnv extends Placed {
  readonly TRUST_DOMAIN: string;
  readonly TRUST_BUNDLE: string;
  readonly DATA_KEYS: string;
  readonly USAGE_METER: Objects<UsageMeterObject>;
  readonly FLEET: Objects<FleetObject>;
  readonly BLOBS: R2Bucket;
  readonly RUNNERS: Fetcher;
  readonly SELF: Service<CellInternal & Rpc.WorkerEntrypointBranded>;
}

export interface UsageMeterEnv {
  readonly CLICKHOUSE_URL: string;
  readonly CLICKHOUSE_USER: string;
  readonly CLICKHOUSE_PASSWORD: string;
}

export interface AuditLogEnv extends Placed {
  readonly PUBLIC_URL: string;
  readonly AUDIT_SIGNING_KEY: string;
}

export interface FleetEnv extends Placed {
  readonly RUN: Objects<RunObject>;
}

export function cellOf(env: Placed): Cell {
  return Cell.parse(env.CELL);
}

export function usageMeterOf(env: RunEnv, tenantId: string) {
  return inZone(env, env.USAGE_METER).getByName(tenantId);
}

export function fleetOf(env: RunEnv) {
  return inZone(env, env.FLEET).getByName(env.CELL);
}

export function runOf(env: FleetEnv, runId: string) {
  return inZone(env, env.RUN).getByName(runId);
}

function inZone<T extends Rpc.DurableObjectBranded>(env: Placed, namespace: DurableObjectNamespace<T>) {
  return withinZone(namespace, { cell: cellOf(env), environment: env.ENVIRONMENT });
}

/** The name an object was asked for by; every object here is addressed by name. */
export function nameOf(ctx: DurableObjectState): string {
  const { name } = ctx.id;
  if (name === undefined) throw new TypeError('this object is addressed by name only');
  return name;
}
