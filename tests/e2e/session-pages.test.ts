import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { launchBrowser, Visitor } from '#support/browser';
import { newHandle, PASSWORD, Person } from '#support/people';

const url = inject('publicUrl');
let browser: Browser;
let person: Person;
let visitor: Visitor;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  [person, visitor] = await Promise.all([Person.signUp(url, 'eu-west-1'), Visitor.arrive(browser, url)]);
  ({ page } = visitor);
});
afterEach(async () => {
  const { complaints } = visitor;
  await visitor.leave();
  if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join('\n')}`);
});

async function createTenant(name: string): Promise<void> {
  const { status } = await person.ask('/v1/tenants', { json: { name, handle: newHandle() } });
  if (status !== 201) throw new Error(`no tenant: ${status}`);
}

async function signIn(): Promise<void> {
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Where one is, once that page stands there. */
async function pathOf(heading: string): Promise<string> {
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  return new URL(page.url()).pathname;
}

test('who signs in from the page for signing up does not come back to it', async () => {
  await page.goto('/sign-up');
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
  await signIn();
  expect(await pathOf('Code you can check before it runs')).toBe('/');
  await page.goto('/sign-in?next=/tenants/new');
  expect(await pathOf('Create a tenant')).toBe('/tenants/new');
});

test('who has signed out in another tab signs in again where they go on, and is led there', async () => {
  await createTenant('Analytical Engines');
  await visitor.takeSession(person.cookie);
  // A page that asks for nothing by itself, and so does not notice before it is left.
  await page.goto('/tenants/new');
  expect(await pathOf('Create a tenant')).toBe('/tenants/new');
  const other = await page.context().newPage();
  await other.goto('/');
  await other.getByRole('button', { name: /^Tenant:/ }).click();
  await other.getByRole('menuitem', { name: 'Sign out' }).click();
  await other.getByRole('link', { name: 'Sign in' }).waitFor();
  expect(new URL(other.url()).pathname).toBe('/');
  await page.getByRole('link', { name: 'Runs', exact: true }).click();
  expect(await pathOf('Sign in')).toBe('/sign-in');
  await signIn();
  expect(await pathOf('Runs')).toBe('/runs');
});

test('a tab acts for the tenant that was chosen in it, whatever is chosen in another', async () => {
  await createTenant('Analytical Engines');
  await createTenant('Difference Engines');
  await visitor.takeSession(person.cookie);
  await page.goto('/runs');
  await page.getByRole('button', { name: /^Tenant:/ }).click();
  await page.getByRole('menuitemradio', { name: /Difference Engines/ }).click();
  const chosen = page.getByRole('button', { name: 'Tenant: Difference Engines' });
  await chosen.waitFor();
  const other = await page.context().newPage();
  await other.goto('/runs');
  await other.getByRole('button', { name: 'Tenant: Difference Engines' }).click();
  await other.getByRole('menuitemradio', { name: /Analytical Engines/ }).click();
  await other.getByRole('button', { name: 'Tenant: Analytical Engines' }).waitFor();
  await page.getByRole('link', { name: 'Usage' }).click();
  await page.getByText('No budget is set').waitFor();
  expect(await chosen.count()).toBe(1);
  await page.reload();
  await page.getByText('No budget is set').waitFor();
  await chosen.waitFor();
});
