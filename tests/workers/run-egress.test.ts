import { runDurableObjectAlarm } from 'cloudflare:test';
import { afterEach, expect, test } from 'vitest';

import type { EgressRow } from '#contracts/egress';

import { crash, endOf, leaveNothing, runningRun } from './support/runs.ts';
import { Watcher } from './support/watcher.ts';
import { eventually, GOOD_END, runNamed } from './support/world.ts';

afterEach(leaveNothing);

const row = (target: string, connections: number): EgressRow => ({
  target,
  refusal: null,
  connections,
  sentBytes: 10 * connections,
  receivedBytes: 0,
});

test('where a run connected is told with its end: the last report counts, also after a crash', async () => {
  const { runner, run, runId, tenant } = await runningRun();
  const last = { rows: [row('a.test:443', 3), row('b.test:443', 1)], others: 2 };
  await runner.say(runId, [{ kind: 'egress', report: { rows: [row('a.test:443', 1)], others: 0 } }]);
  await runner.say(runId, [{ kind: 'egress', report: last }]);
  await (await Watcher.open(run)).until(2);
  await crash(run);
  await runner.end(runId, GOOD_END);
  await eventually('the alarm has run', () => runDurableObjectAlarm(runNamed(runId)));
  expect(await endOf(tenant)).toMatchObject({ runId, egress: last });
});

test('a run that connected nowhere says so', async () => {
  const { runner, runId, tenant } = await runningRun();
  await runner.end(runId, GOOD_END);
  expect(await endOf(tenant)).toMatchObject({ egress: { rows: [], others: 0 } });
});
