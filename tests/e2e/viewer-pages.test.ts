import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import type { Installation } from '#contracts/api/installations';
import { Run } from '#contracts/run';
import { launchBrowser, Visitor } from '#support/browser';
import { Person } from '#support/people';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

const SOURCE = `
export default (input, soma) => {
  soma.state.set('seen', 1);
  soma.dataset('visits').push({ page: '/' });
  return null;
};
`;
const WANTS = {
  permissions: { datasets: ['visits'], state: true, artifacts: true },
  secrets: [{ name: 'TOKEN', required: false }],
};
const APPROVED = ['dataset:visits', 'state', 'artifacts', 'secret:TOKEN', 'egress:left.example:443'];

const url = inject('publicUrl');
let browser: Browser;
let tenant: RunningTenant;
let viewer: Person;
let installation: Installation;
let run: Run;
beforeAll(async () => {
  [browser, tenant, viewer] = await Promise.all([
    launchBrowser(),
    RunningTenant.create(url, 'eu-west-1'),
    Person.signUp(url, 'eu-west-1'),
  ]);
  const { owner } = tenant.publisher;
  await owner.ask('/v1/members', { json: { email: viewer.email, role: 'viewer' } });
  installation = await tenant.installs('noter', SOURCE, WANTS, APPROVED);
  const { id } = installation;
  const secret = { method: 'PUT', json: { value: 'correct horse' } };
  await owner.ask(`/v1/installations/${id}/secrets/TOKEN`, secret);
  const nightly = { installation: id, name: 'nightly', cron: '0 3 * * *', zone: 'UTC', input: {} };
  await owner.ask('/v1/schedules', { json: nightly });
  const started = Run.parse((await owner.ask('/v1/runs', { json: { installation: id, input: null } })).body);
  run = await until(
    'the run has ended',
    () => tenant.findRun(started.id),
    ({ state }) => state === 'succeeded',
  );
});
afterAll(() => browser.close());

/** What can be pressed in the content of a page, once it stands there. */
async function buttonsOf(page: Page, path: string, settled: string): Promise<string[]> {
  await page.goto(path);
  await page.getByRole('main').getByText(settled).first().waitFor();
  const buttons = await page.getByRole('main').getByRole('button', { disabled: false }).all();
  return Promise.all(buttons.map(async (button) => (await button.getAttribute('aria-label')) ?? button.innerText()));
}

test('a viewer is offered nothing that would be refused, and is told why', async () => {
  const visitor = await Visitor.arrive(browser, url);
  await visitor.takeSession(viewer.cookie);
  const { page } = visitor;
  const refused: string[] = [];
  page.on('response', (response) => {
    if (response.status() === 403) refused.push(response.url());
  });
  const reason = 'With the role Viewer in this tenant you cannot';
  const { capsule, id } = installation;

  expect(await buttonsOf(page, '/installations', capsule)).toEqual([]);
  expect(await page.getByRole('navigation').getByRole('link').allInnerTexts()).toEqual([
    'Browse',
    'Installed',
    'Runs',
    'Automation',
    'Usage',
    'API reference',
  ]);
  expect(await page.getByRole('link', { name: `Run ${capsule}` }).count()).toBe(0);
  expect(await buttonsOf(page, `/installations/${id}`, `${reason} start runs`)).toEqual([]);
  expect(await visitor.accessibilityFaults()).toEqual([]);
  expect(await buttonsOf(page, `/installations/${id}/settings`, 'seen')).toEqual(['Rows of visits']);
  expect(await page.getByText(reason).count()).toBe(1);
  expect(await page.getByRole('button', { name: 'Replace TOKEN' }).isDisabled()).toBe(true);
  expect(await visitor.accessibilityFaults()).toEqual([]);
  expect(await buttonsOf(page, `/runs/${run.id}`, 'Receipt')).toEqual(['Verify in this browser', 'Download receipt']);
  expect(await buttonsOf(page, '/automation', 'nightly')).toEqual([]);
  await page.getByText(`${reason} add or change schedules`).waitFor();
  expect(await visitor.accessibilityFaults()).toEqual([]);
  expect(await buttonsOf(page, '/usage', `${reason} set the monthly limit`)).toEqual([]);
  await page.goto(`/capsules/${capsule}`);
  await page.getByRole('main').getByRole('link', { name: 'Open' }).waitFor();
  await page.getByRole('tab', { name: 'Versions' }).click();
  expect(await page.getByRole('button', { name: /^Change the state/ }).count()).toBe(0);
  expect([refused, visitor.complaints]).toEqual([[], []]);
  await visitor.leave();
});

test('a viewer of a tenant that has not installed a capsule is told who can', async () => {
  const visitor = await Visitor.arrive(browser, url);
  await visitor.takeSession(viewer.cookie);
  await tenant.publisher.publishes();
  await visitor.page.goto(`/capsules/${tenant.publisher.handle}/echo`);
  await visitor.page.getByText('With the role Viewer in this tenant you cannot install capsules').waitFor();
  expect(await visitor.page.getByRole('button', { name: 'Install' }).count()).toBe(0);
  await visitor.leave();
});
