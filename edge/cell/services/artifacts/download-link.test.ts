import { expect, test } from 'vitest';

import { DOWNLOAD_PREFIX } from '#contracts/api/artifacts';
import { newId } from '#contracts/ids';

import type { Ctx } from '../../context.ts';
import { downloadLinks, readDownload } from './download-link.ts';

const FILE = { sha256: 'a'.repeat(64), path: 'report.txt' };
const MADE_AT = Date.UTC(2026, 10, 30, 12);
const FIVE_MINUTES_MS = 5 * 60_000;

/** The cell so long after it made the link; nothing of it is asked but its clock and its secret. */
function cellAfter(ms: number, { secret = 'a secret of this cell' } = {}): Ctx {
  const env = { AUTH_SECRET: secret, PUBLIC_URL: 'https://soma.test' };
  const tenant = { id: newId('ten') };
  return Object.assign(Object.create(null), { cell: 'eu-west-1', env, tenant, now: () => new Date(MADE_AT + ms) });
}

async function madeLink() {
  const ctx = cellAfter(0);
  const { linkTo, expiresAt } = await downloadLinks(ctx);
  const link = await linkTo(FILE);
  const token = link.slice(`https://soma.test${DOWNLOAD_PREFIX}eu-west-1/`.length);
  return { ctx, token, expiresAt };
}

test('a link leads to its file for five minutes, and says so', async () => {
  const { ctx, token, expiresAt } = await madeLink();
  expect(expiresAt.getTime()).toBe(MADE_AT + FIVE_MINUTES_MS);
  expect(await readDownload(cellAfter(FIVE_MINUTES_MS - 1_000), token)).toMatchObject({ ...FILE, sub: ctx.tenant.id });
});

test('a link that has expired leads nowhere, and says that another one can be had', async () => {
  const { token } = await madeLink();
  const late = readDownload(cellAfter(FIVE_MINUTES_MS), token);
  await expect(late).rejects.toMatchObject({ code: 'gone', message: expect.stringContaining('ask for a new one') });
});

test('a link of another cell, and one that was changed, are no links', async () => {
  const { token } = await madeLink();
  const [header, payload, signature] = token.split('.');
  const longer = { ...JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()), exp: MADE_AT };
  const changed = [header, Buffer.from(JSON.stringify(longer)).toString('base64url'), signature].join('.');
  await expect(readDownload(cellAfter(0, { secret: 'of another cell' }), token)).rejects.toMatchObject({
    code: 'not_found',
  });
  await expect(readDownload(cellAfter(0), changed)).rejects.toMatchObject({ code: 'not_found' });
});
