import { afterEach, expect, test, vi } from 'vitest';

import { newId } from '#contracts/ids';
import * as accountsApi from '#contracts/operations/accounts';
import * as runsApi from '#contracts/operations/runs';

import { call, open } from './client.ts';

afterEach(() => vi.unstubAllGlobals());

function answering(response: () => Response) {
  const fetched = vi.fn<typeof fetch>().mockImplementation(() => Promise.resolve(response()));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

test('a call names the tenant it acts for', async () => {
  const fetched = answering(() => Response.json({}));
  const tenant = newId('ten');
  await open(runsApi.list, {}, { tenant });
  expect(fetched.mock.calls[0]?.[1]?.headers).toMatchObject({ 'soma-tenant': tenant });
});

test('a problem of the API becomes a failure with its code, its detail and the request to ask about', async () => {
  answering(() =>
    Response.json(
      {
        type: '/problems/not-found',
        title: 'Not found',
        status: 404,
        code: 'not_found',
        detail: 'no such run',
        requestId: 'req_1',
      },
      { status: 404 },
    ),
  );
  await expect(call(runsApi.get, { params: { id: 'x' } })).rejects.toMatchObject({
    code: 'not_found',
    message: 'no such run',
    requestId: 'req_1',
  });
});

test('a refusal of the sign-in library keeps its sentence', async () => {
  answering(() => Response.json({ code: 'INVALID', message: 'Invalid email or password' }, { status: 401 }));
  await expect(call(accountsApi.me, {})).rejects.toMatchObject({
    code: 'unauthenticated',
    message: 'Invalid email or password',
  });
});

test('an error page that is not JSON is still a failure', async () => {
  answering(() => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  await expect(call(accountsApi.me, {})).rejects.toMatchObject({ code: 'unexpected_answer', status: 502 });
});

test('no network is a failure that says so', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  await expect(call(accountsApi.me, {})).rejects.toMatchObject({ code: 'unreachable' });
});

test('an answer of another shape is refused at the border', async () => {
  answering(() => Response.json({ a: 'text' }));
  await expect(call(accountsApi.me, {})).rejects.toMatchObject({ code: 'unexpected_answer' });
});
