import { Digest } from '#contracts/digest';
import { newId } from '#contracts/ids';
import { Resources } from '#contracts/manifest';
import type { StartRun } from '#contracts/runner';

/** What a test asks of a run beyond the usual. */
export interface RunOptions extends Partial<Omit<StartRun, 'resources'>> {
  readonly resources?: Partial<Resources>;
}

/** The start of a run that asks for nothing: a handler of Node, of a bundle that no runner has unless it is named. */
export function someRun({ resources = {}, ...asked }: RunOptions = {}): StartRun {
  return {
    runId: newId('run'),
    tenantId: newId('ten'),
    installationId: newId('ins'),
    capsule: 'acme/test',
    version: '1.0.0',
    digest: Digest.parse(`sha256:${'0'.repeat(64)}`),
    cell: 'eu-west-1',
    runtime: 'node24',
    entrypoint: 'main.js',
    style: 'handler',
    resources: Resources.parse(resources),
    isolation: 'standard',
    layers: [],
    egress: [],
    artifacts: false,
    datasets: [],
    meterLimits: {},
    secrets: {},
    secretHosts: {},
    input: null,
    ...asked,
  };
}
