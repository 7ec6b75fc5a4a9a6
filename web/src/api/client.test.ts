import { afterEach, expect, test, vi } from 'vitest';
import { z } from 'zod';

import { newId } from '#contracts/ids';

import { queryOf, read, send } from './client.ts';

afterEach(() => vi.unstubAllGlobals());

function answering(response: () => Response) {
  const fetched = vi.fn<typeof fetch>().mockImplementation(() => Promise.resolve(response()));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

test('a call names the tenant it acts for', async () => {
  const fetched = answering(() => Response.json({}));
  const tenant = newId('ten');
  await send('/v1/runs', { tenant });
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
  await expect(send('/v1/runs/x')).rejects.toMatchObject({
    code: 'not_found',
    message: 'no such run',
    requestId: 'req_1',
  });
});

test('a refusal of the sign-in library keeps its sentence', async () => {
  answering(() => Response.json({ code: 'INVALID', message: 'Invalid email or password' }, { status: 401 }));
  await expect(send('/api/auth/sign-in/email')).rejects.toMatchObject({
    code: 'unauthenticated',
    message: 'Invalid email or password',
  });
});

test('an error page that is not JSON is still a failure', async () => {
  answering(() => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  await expect(send('/v1/me')).rejects.toMatchObject({ code: 'unexpected_answer', status: 502 });
});

test('no network is a failure that says so', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  await expect(send('/v1/me')).rejects.toMatchObject({ code: 'unreachable' });
});

test('an answer of another shape is refused at the border', async () => {
  answering(() => Response.json({ a: 'text' }));
  await expect(read(z.object({ a: z.number() }), '/v1/x')).rejects.toMatchObject({ code: 'unexpected_answer' });
});

test('a query holds what is set and nothing else', () => {
  expect(queryOf({ q: 'csv & co', cursor: undefined, limit: 20, empty: '' })).toBe('?q=csv+%26+co&limit=20');
  expect(queryOf({ cursor: undefined })).toBe('');
});
