import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { Webhook as Verifier } from 'standardwebhooks';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';

import { Schedule } from '#contracts/api/schedules';
import { WebhookDelivery, WebhookMessage, WebhookWithSecret } from '#contracts/api/webhooks';
import { Run } from '#contracts/run';
import { type Received, Receiver } from '#support/receiver';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

const SOMA = resolve(import.meta.dirname, '../../cli/soma.mjs');
/** A schedule of every minute is due within one, and the cron that finds it comes by every minute. */
const TWO_MINUTES_MS = 130_000;

let folder: string;
let tenant: RunningTenant;
let receiver: Receiver;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soma-automation-'));
  [tenant, receiver] = await Promise.all([RunningTenant.create(inject('publicUrl'), 'us-west-2'), Receiver.start()]);
});
afterAll(async () => {
  await receiver.close();
  await rm(folder, { recursive: true, force: true });
});

/** What `soma … --json` says. @throws where it does not end well */
async function soma(...args: readonly string[]): Promise<unknown> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    SOMA_URL: inject('publicUrl'),
    SOMA_API_KEY: tenant.connection.credential ?? '',
  };
  const child = spawn(process.execPath, [SOMA, ...args, '--json'], { env, cwd: folder });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((settle) => {
    child.on('close', settle);
  });
  if (code !== 0) throw new Error(`soma ${args.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

function verified({ body, headers }: Received, secret: string): WebhookMessage {
  return WebhookMessage.parse(new Verifier(secret).verify(body, z.record(z.string(), z.string()).parse(headers)));
}

test(
  'a schedule runs a capsule, a webhook hears of its end, and the run is run once more',
  async () => {
    const { capsule } = await tenant.installs('clock', 'export default async (input) => ({ heard: input });\n');
    const hook = WebhookWithSecret.parse(await soma('webhooks', 'add', `${receiver.url}/hook`, '--only', capsule));
    const every = ['--cron', '* * * * *', '--input', '{"word":"tick"}'];
    const schedule = Schedule.parse(await soma('schedules', 'add', capsule, ...every));
    expect(schedule.nextFirings).toHaveLength(3);

    const fired = await until(
      'the first firing',
      async () => Schedule.parse(await soma('schedules', 'show', schedule.id)),
      ({ lastRun }) => lastRun?.state === 'succeeded',
      TWO_MINUTES_MS,
    );
    const run = Run.parse(await soma('show-run', fired.lastRun?.id ?? ''));
    expect(run).toMatchObject({ scheduleId: schedule.id, state: 'succeeded', output: { heard: { word: 'tick' } } });
    const [message] = await receiver.takes('/hook');
    if (!message) throw new Error('nothing came');
    expect(verified(message, hook.secret)).toMatchObject({
      type: 'run.ended',
      data: { id: run.id, state: 'succeeded' },
    });

    const again = Run.parse(await soma('rerun', run.id, '--input', '{"word":"tock"}'));
    expect(again).toMatchObject({ rerunOf: run.id, state: 'succeeded', output: { heard: { word: 'tock' } } });
    const deliveries = await until(
      'both deliveries',
      async () => z.array(WebhookDelivery).parse(await soma('webhooks', 'deliveries', hook.id)),
      (seen) => seen.some(({ runId, state }) => runId === again.id && state === 'delivered'),
    );
    expect(deliveries.map(({ lastStatus }) => lastStatus)).toEqual(deliveries.map(() => 204));
  },
  TWO_MINUTES_MS + 60_000,
);
