import { call, type Connection, open } from '#cli/http';
import type { Installation } from '#contracts/api/installations';
import { readEvents } from '#contracts/event-stream';
import { Frame } from '#contracts/frames';
import * as runsApi from '#contracts/operations/runs';
import * as tokensApi from '#contracts/operations/tokens';
import { publishSection } from '#support/publish-section';
import { RunningTenant } from '#support/running-tenant';

import { dockerRun } from './docker-run.ts';
import { FLOORS, HELLO } from './floors.ts';
import { type Contender, measure, type Timing } from './measure.ts';
import { dockerVersion, goalTable, machine, medianOf, PAGE, table } from './report.ts';

const ROUNDS = 40;

const NODE_CAPSULE = 'export default async () => { console.log("hello"); return null; };\n';
const PYTHON_CAPSULE = 'def main(input, soma):\n    print("hello", flush=True)\n    return None\n';

/** From `POST /v1/runs` to the first byte the capsule printed, at the client; beside the bare runtimes and `docker run`. */
export async function benchRunStart(url: string): Promise<void> {
  const tenant = await RunningTenant.create(url, 'eu-west-1');
  const node = await tenant.installs('hello-node', NODE_CAPSULE);
  const python = await installPython(tenant);
  // Whoever starts many runs takes a token of a quarter of an hour; a key is looked up in the database each time.
  const byKey = tenant.connection;
  const byToken = { ...byKey, credential: (await call(tokensApi.issue, {}, byKey)).token };
  const contenders: Contender[] = [
    FLOORS.node,
    { name: 'soma run, node', once: () => timeRun(byToken, node) },
    { name: 'soma run, node, by API key', once: () => timeRun(byKey, node) },
    { name: 'docker run, node', once: () => dockerRun('node24', ['node', '-e', HELLO.node]) },
    FLOORS.python,
    { name: 'soma run, python', once: () => timeRun(byToken, python) },
    { name: 'docker run, python', once: () => dockerRun('python3.11', ['python3', '-c', HELLO.python]) },
  ];
  const samples = await measure(contenders, { rounds: ROUNDS });
  const [nodeMs, pythonMs] = [medianOf(samples, 'soma run, node'), medianOf(samples, 'soma run, python')];
  const bareMs = medianOf(samples, FLOORS.node.name);
  const [nodeTimes, pythonTimes] = [
    medianOf(samples, 'docker run, node') / nodeMs,
    medianOf(samples, 'docker run, python') / pythonMs,
  ];
  const body = [
    goalTable([
      [`node: below the start of bare Node (${bareMs.toFixed(1)} ms)`, `${nodeMs.toFixed(1)} ms`, nodeMs < bareMs],
      [`python: below the start of bare Node`, `${pythonMs.toFixed(1)} ms`, pythonMs < bareMs],
      ['node: docker run ÷ a run, at least 10', nodeTimes.toFixed(1), nodeTimes >= 10],
      ['python: docker run ÷ a run, at least 10', pythonTimes.toFixed(1), pythonTimes >= 10],
      ['python: within 15 ms end to end', `${pythonMs.toFixed(1)} ms`, pythonMs <= 15],
    ]),
    '',
    table(samples, FLOORS.node.name),
    '',
    `${ROUNDS} rounds after 3 warm-ups, a quarter of a second between any two. ${machine()}, ${dockerVersion()}.`,
  ].join('\n');
  publishSection(PAGE, 'run-start', body);
  console.log(body);
}

export function installPython(tenant: RunningTenant): Promise<Installation> {
  return tenant.installs('hello-python', PYTHON_CAPSULE, { runtime: 'python3.11', entrypoint: 'main.py' });
}

export async function timeRun(connection: Connection, installation: Installation): Promise<Timing> {
  const startedAt = performance.now();
  let firstByteMs: number | undefined;
  const ask = { body: { installation: installation.id, input: null } };
  const response = await open(runsApi.start, ask, connection, AbortSignal.timeout(30_000));
  for await (const { name, data } of readEvents(response)) {
    if (name === 'stdout') firstByteMs ??= performance.now() - startedAt;
    if (name !== 'end') continue;
    const end = Frame.parse(JSON.parse(data));
    if (end.kind !== 'end' || end.outcome.state !== 'succeeded') throw new Error(`a run did not succeed: ${data}`);
  }
  if (firstByteMs === undefined) throw new Error('the run printed nothing');
  return { firstByteMs, endMs: performance.now() - startedAt };
}
