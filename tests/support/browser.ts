import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { z } from 'zod';

const CHROMIUM = process.env['SOMA_CHROMIUM'] ?? '/usr/bin/chromium';
const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
const STEP_MS = 20_000;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: QUIET });
}

export interface Looks {
  readonly width: 390 | 1440;
  readonly theme: 'light' | 'dark';
}

/** One person's browser window, which writes down everything a good page gives no reason to write down. */
export class Visitor {
  readonly page: Page;
  readonly #url: string;
  readonly #context: BrowserContext;
  /** Broken policies, script errors, and what the page wrote to the console as an error. */
  readonly complaints: string[] = [];

  private constructor(url: string, context: BrowserContext, page: Page) {
    this.#url = url;
    this.#context = context;
    this.page = page;
  }

  static async arrive(
    browser: Browser,
    url: string,
    { width, theme }: Looks = { width: 1440, theme: 'light' },
  ): Promise<Visitor> {
    const context = await browser.newContext({
      baseURL: url,
      viewport: { width, height: 900 },
      colorScheme: theme,
      timezoneId: 'Europe/Dublin',
    });
    const visitor = new Visitor(url, context, await context.newPage());
    visitor.page.setDefaultTimeout(STEP_MS);
    await visitor.#listen();
    return visitor;
  }

  leave(): Promise<void> {
    return this.#context.close();
  }

  /** Goes on with the session of somebody who signed in elsewhere, from their `cookie` header. */
  async takeSession(cookie: string): Promise<void> {
    const cookies = cookie.split('; ').map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return { name, value: value.join('='), url: this.#url };
    });
    await this.#context.addCookies(cookies);
  }

  /** Rules of accessibility the page breaks. axe runs in a world of its own, so that the page's policy stays on. */
  async accessibilityFaults(): Promise<string[]> {
    const session = await this.#context.newCDPSession(this.page);
    const { frameTree } = await session.send('Page.getFrameTree');
    const world = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
    const contextId = world.executionContextId;
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    await session.send('Runtime.evaluate', { expression: `${axe};0`, contextId });
    const { result } = await session.send('Runtime.evaluate', {
      expression: `axe.run({ runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) =>
        violations.map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 200)))`,
      contextId,
      awaitPromise: true,
      returnByValue: true,
    });
    await session.detach();
    return z.array(z.string()).parse(result.value);
  }

  /** Whether something stands out of the page sideways, or a table hides cells until it is pushed there. */
  isTooWide(): Promise<boolean> {
    return this.page
      .evaluate(
        `document.documentElement.scrollWidth > innerWidth ||
          [...document.querySelectorAll('table.rows')].some((table) => table.offsetWidth > table.parentElement.clientWidth)`,
      )
      .then((isWider) => z.boolean().parse(isWider));
  }

  async #listen(): Promise<void> {
    const complain = (text: string) => void this.complaints.push(text);
    this.page.on('pageerror', (error) => complain(`script error: ${error.message}`));
    this.page.on('console', (message) => {
      // A refusal that the page shows is also in the console, by the browser's own hand.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complain(message.text());
    });
    await this.page.exposeBinding('somaComplain', (_source, text: unknown) => complain(String(text)));
    await this.page.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
      somaComplain('policy broken: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile))`);
  }
}
