import { newId } from '#contracts/ids';
import { Run } from '#contracts/run';

/** A run as the API tells it before anything has happened to it, but for what is said. */
export function queuedRun(change: Partial<Run> = {}): Run {
  return Run.parse({
    id: newId('run'),
    tenantId: newId('ten'),
    installationId: newId('ins'),
    rerunOf: null,
    scheduleId: null,
    capsule: 'acme/tool',
    version: '1.0.0',
    digest: `sha256:${'0'.repeat(64)}`,
    cell: 'eu-west-1',
    isolation: 'standard',
    attempts: 1,
    state: 'queued',
    cause: null,
    detail: null,
    exitCode: null,
    retryAfterS: null,
    output: null,
    usage: null,
    amountNanos: null,
    receipt: null,
    artifacts: [],
    createdAt: '2026-11-23T00:00:00.000Z',
    startedAt: null,
    endedAt: null,
    ...change,
  });
}
