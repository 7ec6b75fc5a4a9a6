import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import type { Installation } from '#contracts/api/installations';
import { launchBrowser, type Looks, Visitor } from '#support/browser';
import { Receiver } from '#support/receiver';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

const url = inject('publicUrl');
let browser: Browser;
let tenant: RunningTenant;
let receiver: Receiver;
let installation: Installation;
beforeAll(async () => {
  [browser, receiver, tenant] = await Promise.all([
    launchBrowser(),
    Receiver.start(),
    RunningTenant.create(url, 'eu-west-1'),
  ]);
  installation = await tenant.installs('listener', 'export default async (input) => ({ heard: input });\n');
});
afterAll(() => Promise.all([browser.close(), receiver.close()]));

async function arrive(looks?: Looks): Promise<Visitor> {
  const visitor = await Visitor.arrive(browser, url, looks);
  await visitor.takeSession(tenant.publisher.owner.cookie);
  return visitor;
}

test('a schedule and a webhook are added, paused and looked at on one page', async () => {
  const visitor = await arrive();
  const { page } = visitor;
  await page.goto('/automation');
  await page.getByRole('button', { name: 'Add a schedule' }).click();
  await page.getByLabel('Name').fill('nightly');
  await page.getByLabel('Cron').fill('* * *');
  await page.getByRole('button', { name: 'Add schedule' }).click();
  await page.getByText('expected minute, hour').waitFor();
  await page.getByLabel('Cron').fill('30 2 * * *');
  expect(await visitor.accessibilityFaults()).toEqual([]);
  await page.getByRole('button', { name: 'Add schedule' }).click();
  await page.getByRole('button', { name: 'Pause nightly' }).click();
  await page.getByRole('button', { name: 'Resume nightly' }).waitFor();

  await page.getByRole('button', { name: 'Add a webhook' }).click();
  await page.getByLabel('URL').fill(`${receiver.url}/page`);
  await page.getByRole('button', { name: 'Add webhook' }).click();
  await page.getByText('whsec_').waitFor();
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByRole('button', { name: 'Deliveries' }).click();
  await page.getByRole('button', { name: 'Send a ping' }).click();
  await page.getByText('delivered').waitFor();
  expect(await receiver.takes('/page')).toHaveLength(1);
  expect([visitor.complaints, await visitor.accessibilityFaults()]).toEqual([[], []]);
  await visitor.leave();

  for (const looks of [
    { width: 390, theme: 'dark' },
    { width: 1440, theme: 'light' },
  ] as const) {
    const other = await arrive(looks);
    await other.page.goto('/automation');
    await other.page.getByText('nightly').waitFor();
    expect([await other.isTooWide(), await other.accessibilityFaults()]).toEqual([false, []]);
    await other.leave();
  }
});

test('what comes of a schedule is told while its page is open', async () => {
  const visitor = await arrive();
  const { page } = visitor;
  await page.goto('/automation');
  await page.getByRole('heading', { name: 'Schedules' }).waitFor();
  await expect.poll(() => page.locator('[aria-busy]').count(), { timeout: 20_000 }).toBe(0);
  const schedule = { name: 'from elsewhere', installation: installation.id, cron: '0 5 * * *', zone: 'UTC', input: {} };
  expect((await tenant.publisher.owner.ask('/v1/schedules', { json: schedule })).status).toBe(201);
  await page.getByRole('row', { name: /from elsewhere/ }).waitFor();
  await visitor.leave();
});

test('a run is run again with another input from its page', async () => {
  let runId = '';
  for await (const frame of tenant.run(installation, { word: 'hi' })) ({ runId } = frame);
  const visitor = await arrive();
  const { page } = visitor;
  await page.goto(`/runs/${runId}`);
  await page.getByRole('button', { name: 'Run again' }).click();
  const input = page.getByRole('textbox', { name: 'Input' });
  await until('the input of that run', async () => (await input.inputValue()).includes('"hi"'));
  await input.fill('{"word":"ho"}');
  await page.getByRole('button', { name: 'Start run' }).click();
  await page.getByRole('link', { name: runId }).waitFor();
  await page.getByText('"ho"').first().waitFor();
  expect([visitor.complaints, await visitor.accessibilityFaults()]).toEqual([[], []]);
  await visitor.leave();
});
