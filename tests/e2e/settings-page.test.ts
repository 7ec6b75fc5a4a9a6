import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { CapsuleDetail } from '#contracts/api/capsules';
import { Installation } from '#contracts/api/installations';
import { launchBrowser, type Looks, Visitor } from '#support/browser';
import { newEmail, Person } from '#support/people';
import { bundleOf } from '#support/publisher';
import { RunningTenant } from '#support/running-tenant';
import { until } from '#support/until';

/** Leaves a row, and notes down how long its secret is. */
const KEEPER = `
export default (input, soma) => {
  soma.state.set('length', soma.secret('TOKEN').length);
  soma.dataset('visits').push(input);
  return null;
};
`;
const WANTS = { permissions: { datasets: ['visits'], state: true }, secrets: [{ name: 'TOKEN' }] };
const APPROVED = ['dataset:visits', 'state', 'secret:TOKEN', 'artifacts'];

const url = inject('publicUrl');
let browser: Browser;
let tenant: RunningTenant;
let visitor: Visitor;
beforeAll(async () => {
  [browser, tenant] = await Promise.all([launchBrowser(), RunningTenant.create(url, 'eu-west-1')]);
});
afterAll(() => browser.close());
beforeEach(async () => {
  visitor = await arrive();
});
afterEach(async () => {
  const { complaints } = visitor;
  await visitor.leave();
  if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join('\n')}`);
});

async function arrive(looks?: Looks): Promise<Visitor> {
  const arrived = await Visitor.arrive(browser, url, looks);
  await arrived.takeSession(tenant.publisher.owner.cookie);
  return arrived;
}

async function settingsOf({ id }: Installation): Promise<Installation> {
  return Installation.parse((await tenant.publisher.owner.ask(`/v1/installations/${id}`)).body);
}

test('an installation is set on one page, and what its runs have left is seen and deleted there', async () => {
  const { page } = visitor;
  const installation = await tenant.installs('keeper', KEEPER, WANTS, APPROVED);
  await page.goto(`/installations/${installation.id}`);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('radio', { name: /^Strict/ }).check();
  await page.getByLabel('Runs at once').fill('3');
  await page.getByLabel('Files kept for').fill('7');
  await page.getByRole('button', { name: 'Save settings' }).click();
  await page.getByText('strict, because you chose it').waitFor();
  expect(await settingsOf(installation)).toMatchObject({
    isolation: 'strict',
    maxConcurrentRuns: 3,
    artifactRetentionDays: 7,
    range: '^1.0.0',
  });

  await page.getByRole('radio', { name: /^As the capsule asks/ }).check();
  await page.getByLabel('Runs at once').fill('');
  await page.getByLabel('Files kept for').fill('');
  await page.getByRole('button', { name: 'Save settings' }).click();
  await page.getByText('standard', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Take back artifacts' }).click();
  await page.getByRole('button', { name: 'Take back artifacts' }).waitFor({ state: 'detached' });
  expect(await settingsOf(installation)).toMatchObject({
    isolation: null,
    maxConcurrentRuns: null,
    artifactRetentionDays: null,
    approved: APPROVED.filter((permission) => permission !== 'artifacts'),
  });

  await page.getByText('Not set: runs are refused').waitFor();
  await page.getByRole('button', { name: 'Set TOKEN' }).click();
  await page.getByLabel('Value').fill('short');
  await page.getByRole('button', { name: 'Set secret' }).click();
  await page.getByText('cannot be masked').waitFor();
  await page.getByLabel('Value').fill('line one\nline two\n');
  expect(await visitor.accessibilityFaults()).toEqual([]);
  await page.getByRole('button', { name: 'Set secret' }).click();
  await page.getByText('by you').waitFor();
  expect(await page.content()).not.toContain('line one');

  let runId = '';
  for await (const frame of tenant.run(installation, { page: '<b>' })) ({ runId } = frame);
  await until(
    'the run is recorded',
    () => tenant.findRun(runId),
    ({ state }) => state === 'succeeded',
  );
  for (const looks of [
    { width: 390, theme: 'dark' },
    { width: 1440, theme: 'light' },
  ] as const) {
    const other = await arrive(looks);
    await other.page.goto(`/installations/${installation.id}/settings`);
    await other.page.getByRole('row', { name: `length ${'line one\nline two'.length}` }).waitFor();
    expect([await other.isTooWide(), await other.accessibilityFaults()]).toEqual([false, []]);
    await other.page.getByRole('button', { name: 'Rows of visits' }).click();
    await other.page.getByText('{"page":"<b>"}').waitFor();
    expect([await other.isTooWide(), await other.accessibilityFaults(), other.complaints]).toEqual([false, [], []]);
    await other.leave();
  }

  await page.reload();
  await page.getByRole('button', { name: 'Retention of visits' }).click();
  await page.getByLabel('Days').fill('30');
  await page.getByRole('button', { name: 'Save days' }).click();
  await page.getByRole('cell', { name: 'never' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Retention of visits' }).click();
  expect(await page.getByLabel('Days').inputValue()).toBe('30');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Delete visits' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No run has pushed a row').waitFor();
  await page.getByRole('button', { name: 'Remove all' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove all' }).click();
  await page.getByText('No run has noted anything down').waitFor();
});

test('what a run has left is there however soon one comes back to the settings', async () => {
  const { page } = visitor;
  const source = "export default (input, soma) => { soma.state.set('visits', 1); return null; };\n";
  const installation = await tenant.installs('noter', source, { permissions: { state: true } }, ['state']);
  await page.goto(`/installations/${installation.id}/settings`);
  await page.getByText('No run has noted anything down.').waitFor();
  await page.getByRole('link', { name: 'Run it' }).click();
  await page.getByRole('button', { name: 'Start run' }).click();
  await page.getByText('Succeeded').waitFor();
  await page.getByRole('link', { name: 'Settings' }).click();
  const noted = page.getByRole('row', { name: /^visits 1/ });
  await noted.waitFor();
  expect(await noted.count()).toBe(1);
});

test('a run that is refused for a secret that nobody set leads to where it is set', async () => {
  const { page } = visitor;
  const installation = await tenant.installs('reader', 'export default () => 1;', { secrets: [{ name: 'TOKEN' }] }, [
    'secret:TOKEN',
  ]);
  await page.goto(`/installations/${installation.id}`);
  await page.getByRole('button', { name: 'Start run' }).click();
  await page.getByRole('alert').getByRole('link', { name: 'Settings of the installation' }).click();
  await page.getByRole('button', { name: 'Set TOKEN' }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/installations/${installation.id}/settings`);
});

test('an installation whose new version wants more is approved where it is set', async () => {
  const { page } = visitor;
  const installation = await tenant.installs('greedy', 'export default () => 1;');
  const { publisher } = tenant;
  const more = publisher.manifest({
    name: installation.capsule,
    version: '1.1.0',
    permissions: { artifacts: true },
  });
  expect(await publisher.upload(bundleOf(more), { slug: 'greedy' })).toMatchObject({ status: 201 });
  await page.goto(`/installations/${installation.id}`);
  await page.getByText('Not approved: artifacts').waitFor();
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByText('As it stands, nothing starts from it').waitFor();
  await page.getByRole('checkbox', { name: /Write artifacts/ }).check();
  expect(await visitor.accessibilityFaults()).toEqual([]);
  await page.getByRole('button', { name: 'Save settings' }).click();
  await page.getByText('needed by 1.1.0').waitFor();
  expect(await settingsOf(installation)).toMatchObject({ approved: ['artifacts'] });
});

test('a publisher yanks a version on the page of its capsule', async () => {
  const { page } = visitor;
  const { publisher } = tenant;
  await publisher.publishes();
  await page.goto(`/capsules/${publisher.handle}/echo`);
  await page.getByRole('tab', { name: 'Versions' }).click();
  await page.getByRole('button', { name: 'Change the state of 1.0.0' }).click();
  await page.getByRole('radio', { name: /^Yanked/ }).check();
  expect(await visitor.accessibilityFaults()).toEqual([]);
  await page.getByRole('button', { name: 'Save state' }).click();
  await page.getByRole('cell', { name: 'yanked' }).waitFor();
  const capsule = await publisher.owner.ask(`/v1/capsules/${publisher.handle}/echo`);
  expect(CapsuleDetail.parse(capsule.body).versions).toMatchObject([{ version: '1.0.0', status: 'yanked' }]);
});

test('an owner adds a member, changes the role and ends the membership', async () => {
  const { page } = visitor;
  const { email } = await Person.signUp(url, 'eu-west-1');
  await page.goto('/members');
  await page.getByRole('button', { name: 'Add a member' }).click();
  await page.getByLabel('E-mail').fill(newEmail());
  await page.getByRole('button', { name: 'Add member' }).click();
  const alert = page.getByRole('alert');
  await alert.getByText('Once the person has signed up').waitFor();
  expect(await alert.textContent()).not.toContain('which tenant is chosen');
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('radio', { name: /^Viewer/ }).check();
  expect(await visitor.accessibilityFaults()).toEqual([]);
  await page.getByRole('button', { name: 'Add member' }).click();
  const row = page.getByRole('row').filter({ hasText: email });
  await row.getByRole('combobox').selectOption('auditor');
  await until('the role is changed', async () =>
    JSON.stringify((await tenant.publisher.owner.ask('/v1/members')).body).includes('"auditor"'),
  );
  await row.getByRole('button', { name: /^Remove/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await row.waitFor({ state: 'detached' });
});
