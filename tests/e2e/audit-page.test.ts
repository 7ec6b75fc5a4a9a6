import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { launchBrowser, Visitor } from '#support/browser';
import { Person } from '#support/people';
import { until } from '#support/until';

const url = inject('publicUrl');
let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test('the log and its checkpoint follow what happens while the page is open', async () => {
  const { person } = await Person.withTenant(url);
  const visitor = await Visitor.arrive(browser, url);
  await visitor.takeSession(person.cookie);
  const { page } = visitor;
  await page.goto('/audit');
  const size = page.getByRole('definition').first();
  const before = await until('an entry is in the chain', async () => Number(await size.innerText()));
  await person.createApiKey(['runs:read']);
  await page.getByText('api-key.create').first().waitFor();
  await until(
    'the checkpoint has followed',
    async () => Number(await size.innerText()),
    (now) => now > before,
  );
  expect(visitor.complaints).toEqual([]);
  await visitor.leave();
});
