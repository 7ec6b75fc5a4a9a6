import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';

import { DeviceSession, Me, StartedDevice } from '#contracts/api/accounts';
import type { Installation } from '#contracts/api/installations';
import { launchBrowser, Visitor } from '#support/browser';
import { ask, bearer, newEmail, newHandle, PASSWORD } from '#support/people';
import { bundleOf } from '#support/publisher';
import { RunningTenant } from '#support/running-tenant';

/** Writes slowly enough to be watched, on both streams, with progress, and wants two permissions. */
const TALKER = `
export default async (input, soma) => {
  for (let line = 1; line <= input.lines; line += 1) {
    console.log('\\u001b[32mline\\u001b[0m ' + line + ' of ' + input.word);
    soma.progress(line / input.lines, 'line ' + line);
    await new Promise((resolve) => setTimeout(resolve, input.pauseMs));
  }
  console.error('that was all');
  return { said: input.word, lines: input.lines };
};
`;

const INPUT = {
  type: 'object',
  additionalProperties: false,
  required: ['word'],
  properties: {
    word: { type: 'string', title: 'Word', minLength: 2 },
    lines: { type: 'integer', title: 'Lines', minimum: 1, maximum: 1_000, default: 5 },
    pauseMs: { type: 'integer', title: 'Pause', minimum: 0, maximum: 1_000, default: 0 },
  },
};

const url = inject('publicUrl');
let browser: Browser;
let publisher: RunningTenant;
/** `talker` asks for a permission; `quiet-talker` asks for none, and its publisher has it installed. */
let talker: string;
let installation: Installation;
let visitor: Visitor;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  publisher = await RunningTenant.create(url, 'eu-west-1');
  const { handle } = publisher.publisher;
  talker = `${handle}/talker`;
  const description = 'Says a word, **line by line**.';
  installation = await publisher.installs('quiet-talker', TALKER, { title: 'Quiet talker', description, input: INPUT });
  const manifest = publisher.publisher.manifest({
    name: talker,
    title: `Talker of ${handle}`,
    description,
    input: INPUT,
    permissions: { artifacts: true },
  });
  const { status } = await publisher.publisher.upload(bundleOf(manifest, { 'main.js': TALKER }), { slug: 'talker' });
  if (status !== 201) throw new Error(`the talker was not published: ${status}`);
});

afterAll(() => browser.close());

beforeEach(async () => {
  visitor = await Visitor.arrive(browser, url);
  ({ page } = visitor);
});

afterEach(async () => {
  const { complaints } = visitor;
  await visitor.leave();
  if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join('\n')}`);
});

async function signUp(): Promise<void> {
  await page.goto('/sign-up');
  await page.getByLabel('Your name').fill('Ada Lovelace');
  await page.getByLabel('E-mail').fill(newEmail());
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('radio', { name: /European Union/ }).check();
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('heading', { name: 'Create a tenant' }).waitFor();
  await page.getByLabel('Name').fill('Analytical Engines');
  await page.getByLabel('Handle').fill(newHandle());
  await page.getByRole('button', { name: 'Create tenant' }).click();
  await page.getByRole('button', { name: 'Tenant: Analytical Engines' }).waitFor();
}

/** Comes in as the owner of the tenant that has `quiet-talker` installed. */
async function comeAsPublisher(): Promise<void> {
  await visitor.takeSession(publisher.publisher.owner.cookie);
}

const SEEN_WITHIN_MS = 20_000;

/** Waits for it; false where it does not come. */
async function isSeen(what: Locator): Promise<boolean> {
  return what.waitFor({ timeout: SEEN_WITHIN_MS }).then(
    () => true,
    () => false,
  );
}

const run = () => page.getByRole('region', { name: 'Run' });

describe('the main job', () => {
  test('sign up in a region, set a budget, find, approve, run, watch it live, check receipt and audit log', async () => {
    await signUp();

    await page.getByRole('link', { name: 'Usage' }).click();
    await page.getByText('No budget is set').waitFor();
    await page.getByLabel('Dollars a month').fill('5');
    await page.getByRole('button', { name: 'Save limit' }).click();
    await page.getByText('of $5.00').waitFor();

    await page.getByRole('link', { name: 'Browse' }).click();
    await page.getByRole('searchbox', { name: 'Search capsules' }).fill(publisher.publisher.handle);
    await page.getByRole('link', { name: `Talker of ${publisher.publisher.handle}` }).click();
    await page.getByRole('heading', { name: 'It may touch' }).waitFor();
    await page.getByRole('button', { name: 'Install' }).click();
    await page.getByRole('button', { name: 'Approve and install' }).click();
    await page.getByText('Tick each permission to approve it').waitFor();
    await page.getByRole('checkbox', { name: /Write artifacts/ }).check();
    await page.getByRole('button', { name: 'Approve and install' }).click();

    await page.getByRole('button', { name: 'Start run' }).click();
    await page.getByText('Needed to start.').waitFor();
    await page.getByLabel('Word').fill('patience');
    await page.getByLabel('Lines').fill('60');
    await page.getByLabel('Pause').fill('100');
    await page.getByRole('button', { name: 'Start run' }).click();
    await run().getByText('line 3 of patience').waitFor();
    expect(await run().getByRole('status').innerText(), 'output is there while the capsule still writes').toBe(
      'Running',
    );
    await run().getByText('that was all').waitFor();
    await run().getByText('Succeeded').waitFor();
    await page.getByText('"said": "patience"').waitFor();
    await page.getByRole('button', { name: 'Verify in this browser' }).click();
    await page.getByText('Genuine: signed by a runner').waitFor();

    await page.getByRole('link', { name: 'Audit' }).click();
    await page.getByText('run.start').first().waitFor();
    await page.getByText('installation.create').first().waitFor();
    await page.getByRole('button', { name: 'Verify in this browser' }).click();
    expect(await isSeen(page.getByText(/verified: complete, in order, unaltered/))).toBe(true);
  });

  test('a run without a budget is refused before it starts, and the page leads to where one is set', async () => {
    await signUp();
    await page.goto(`/capsules/${installation.capsule}`);
    await page.getByRole('button', { name: 'Install' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Install' }).click();
    await page.getByLabel('Word').fill('nothing');
    await page.getByRole('button', { name: 'Start run' }).click();
    await run().getByText('Refused').waitFor();
    await page.getByRole('link', { name: 'Set the monthly limit' }).click();
    expect(await isSeen(page.getByText('No budget is set'))).toBe(true);
  });
});

describe('a run that is watched', () => {
  test('a page that is reloaded half way shows the run from its first line to its end', async () => {
    await comeAsPublisher();
    await page.goto(`/installations/${installation.id}`);
    await page.getByLabel('Word').fill('again');
    await page.getByLabel('Lines').fill('30');
    await page.getByLabel('Pause').fill('100');
    await page.getByRole('button', { name: 'Start run' }).click();
    await run().getByText('line 2 of again').waitFor();
    await page.reload();
    await run().getByText('that was all').waitFor();
    await run().getByText('Succeeded').waitFor();
    expect(await isSeen(run().getByText('31 lines'))).toBe(true);
  });

  test('a run that is cancelled ends as cancelled', async () => {
    await comeAsPublisher();
    await page.goto(`/installations/${installation.id}`);
    await page.getByLabel('Word').fill('endless');
    await page.getByLabel('Lines').fill('200');
    await page.getByLabel('Pause').fill('100');
    await page.getByRole('button', { name: 'Start run' }).click();
    await run().getByText('line 1 of endless').waitFor();
    await run().getByRole('button', { name: 'Cancel run' }).click();
    expect(await isSeen(run().getByText('Cancelled'))).toBe(true);
  });

  test('on a phone, what a run says comes into view as it starts', async () => {
    await visitor.leave();
    visitor = await Visitor.arrive(browser, url, { width: 390, theme: 'light' });
    ({ page } = visitor);
    await comeAsPublisher();
    await page.goto(`/installations/${installation.id}`);
    await page.getByLabel('Word').fill('pocket');
    // A small phone: the form alone fills it.
    await page.setViewportSize({ width: 390, height: 480 });
    await page.getByRole('button', { name: 'Start run' }).click();
    await run().getByText('that was all').waitFor();
    const box = await run().boundingBox();
    expect(box).toMatchObject({ y: expect.toSatisfy((y) => y >= 0 && y + (box?.height ?? Infinity) <= 481) });
  });

  test('an input that JSON describes better than the form is written as JSON', async () => {
    await comeAsPublisher();
    await page.goto(`/installations/${installation.id}`);
    await page.getByRole('tab', { name: 'JSON' }).click();
    await page.getByLabel('Input').fill('{ "word": "x" }');
    await page.getByRole('button', { name: 'Start run' }).click();
    await page.getByRole('alert').filter({ hasText: 'word' }).waitFor();
    await page.getByLabel('Input').fill('{ "word": "json", "lines": 2 }');
    await page.getByRole('button', { name: 'Start run' }).click();
    await run().getByText('line 2 of json').waitFor();
    expect(await isSeen(run().getByText('Succeeded'))).toBe(true);
  });
});

test('text that is no JSON yet starts nothing, also where the schema takes any text', async () => {
  const input = { type: 'object', properties: { value: { title: 'Value' } } };
  const taker = await publisher.installs('taker', 'export default (input) => input;', { input });
  await comeAsPublisher();
  await page.goto(`/installations/${taker.id}`);
  await page.getByLabel('Value').fill('{ "rows": [1, 2');
  await page.getByRole('button', { name: 'Start run' }).click();
  expect(await page.getByLabel('Value').evaluate((control) => control.matches(':focus'))).toBe(true);
  await page.getByLabel('Value').fill('{ "rows": [1, 2] }');
  await page.getByRole('button', { name: 'Start run' }).click();
  await run().getByText('Succeeded').waitFor();
  expect((await publisher.listRuns()).filter(({ installationId }) => installationId === taker.id)).toHaveLength(1);
});

describe('people', () => {
  test('who is not signed in is asked to, and is led on to where they wanted to go', async () => {
    await page.goto('/runs');
    await page.getByLabel('E-mail').fill(publisher.publisher.owner.email);
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    await page.getByRole('button', { name: /^Tenant:/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    await page.goto('/runs');
    expect(await isSeen(page.getByRole('heading', { name: 'Sign in' }))).toBe(true);
  });

  test('a terminal that shows a code becomes its owner once they approve it in the browser', async () => {
    const started = await ask(url, '/v1/auth/device', { json: { client_id: 'soma-cli', region: 'eu-west-1' } });
    const { user_code: userCode, device_code: deviceCode } = StartedDevice.parse(started.body);
    await comeAsPublisher();
    await page.goto(`/device?user_code=${userCode}`);
    await page.getByText(userCode).waitFor();
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('The terminal goes on by itself').waitFor();
    const polled = await ask(url, '/v1/auth/device/token', {
      json: {
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        device_code: deviceCode,
        client_id: 'soma-cli',
      },
    });
    const { access_token: token } = DeviceSession.parse(polled.body);
    const me = Me.parse((await ask(url, '/v1/me', { headers: bearer(token) })).body);
    expect(me.account?.email).toBe(publisher.publisher.owner.email);
  });

  test('a publisher sees all they have published, and goes from there to its versions', async () => {
    await comeAsPublisher();
    await page.goto('/publishing');
    const row = page.getByRole('row', { name: new RegExp(talker) });
    expect(await isSeen(row.getByRole('cell', { name: '1.0.0', exact: true }))).toBe(true);
    await row.getByRole('link').click();
    await page.getByRole('tab', { name: 'Versions' }).click();
    expect(await isSeen(page.getByRole('button', { name: 'Change the state of 1.0.0' }))).toBe(true);
  });

  test('an API key is shown once, works, and stops working when it is revoked', async () => {
    const keyName = `ci ${newHandle()}`;
    await comeAsPublisher();
    await page.goto('/api-keys');
    await page.getByRole('button', { name: 'Create a key' }).click();
    await page.getByLabel('Name').fill(keyName);
    await page.getByRole('checkbox', { name: 'runs:read' }).check();
    await page.getByRole('button', { name: 'Create key' }).click();
    const secret = await page.getByLabel('The new key').innerText();
    const status = async () => (await ask(url, '/v1/runs', { headers: bearer(secret) })).status;
    expect(await status()).toBe(200);
    await page.getByRole('button', { name: 'I have stored it' }).click();
    await page.getByRole('button', { name: `Revoke ${keyName}` }).click();
    expect(await page.content()).not.toContain(secret);
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await status()).toBe(401);
  });
});

describe('every page', () => {
  const looks = [
    { width: 390, theme: 'dark' },
    { width: 1440, theme: 'light' },
  ] as const;
  const guestPages = [
    ['/sign-up', 'Create an account'],
    ['/sign-in', 'Sign in'],
  ] as const;
  const pages = [
    ['/', 'Code you can check before it runs'],
    ['/tenants/new', 'Create a tenant'],
    ['/installations', 'Installed capsules'],
    ['/runs', 'Runs'],
    ['/usage', 'Usage and budget'],
    ['/audit', 'Audit log'],
    ['/api-keys', 'API keys'],
    ['/publishing', 'Publishing'],
    ['/members', 'Members'],
    ['/device', 'Connect a terminal'],
    ['/nowhere', 'There is nothing at this address'],
  ] as const;

  test.each(looks)('is accessible and fits at $width px in $theme', async (look) => {
    await visitor.leave();
    visitor = await Visitor.arrive(browser, url, look);
    ({ page } = visitor);
    const own = [
      [`/capsules/${talker}`, `Talker of ${publisher.publisher.handle}`],
      [`/installations/${installation.id}`, installation.capsule],
    ] as const;
    const faults: Record<string, unknown> = {};
    const judge = async (path: string, heading: string) => {
      await page.goto(path);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await expect.poll(() => page.locator('[aria-busy]').count(), { timeout: SEEN_WITHIN_MS }).toBe(0);
      const found = await visitor.accessibilityFaults();
      if (found.length > 0 || (await visitor.isTooWide())) faults[path] = { found, tooWide: await visitor.isTooWide() };
    };
    for (const [path, heading] of guestPages) await judge(path, heading);
    await comeAsPublisher();
    for (const [path, heading] of [...pages, ...own]) await judge(path, heading);
    expect(faults).toEqual({});
  });

  test('the API reference loads what it needs from this origin', async () => {
    await page.goto('/reference');
    expect(await isSeen(page.getByRole('heading', { name: /Soma/ }).first())).toBe(true);
  });
});
