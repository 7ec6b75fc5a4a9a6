import { HTTPException } from 'hono/http-exception';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { DomainError, ERROR_CODES, NotFound, Problem } from '#contracts/errors';
import { problemResponse } from '#contracts/problem';

import { refusalOf } from './problem.ts';

test('what nobody foresaw keeps its cause to itself', async () => {
  const response = problemResponse(refusalOf(new Error('password=hunter2')), 'req_1');
  const text = await response.text();
  expect(response.status).toBe(500);
  expect(text).not.toContain('hunter2');
  expect(Problem.parse(JSON.parse(text))).toMatchObject({ code: 'internal', requestId: 'req_1' });
});

test('a refusal stays the one it is', () => {
  const refusal = new NotFound('run');
  expect(refusalOf(refusal)).toBe(refusal);
});

test('input that does not parse says where and what', () => {
  const { error } = z.object({ items: z.array(z.object({ 'a/b': z.int() })) }).safeParse({ items: [{ 'a/b': 'x' }] });
  expect(refusalOf(error)).toMatchObject({ code: 'invalid_input', extra: { violations: [{ path: '/items/0/a~1b' }] } });
});

test.each([
  [new Error('query failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:5432') })],
  [new Error('Network connection lost.')],
  [new Error('Server error (HTTP status 503): down')],
  [postgresError('57P01', 'terminating connection due to administrator command')],
  [postgresError('53300', 'sorry, too many clients already')],
  [postgresError('57014', 'canceling statement due to statement timeout')],
  [new Error('query failed', { cause: postgresError('08006', 'connection failure') })],
  [new Error('query failed', { cause: new DOMException('The operation was aborted due to timeout', 'TimeoutError') })],
])('a store out of reach is unavailable, not our mistake: %s', (error) => {
  expect(refusalOf(error).code).toBe('unavailable');
});

test.each(['22021', '22P05'])('text that Postgres cannot hold (%s) is a mistake in the request', (code) => {
  const error = new Error('query failed', { cause: postgresError(code, 'unsupported Unicode escape sequence') });
  expect(refusalOf(error).code).toBe('invalid_input');
});

test.each([
  ['22003', 'numeric field overflow'],
  ['42703', 'column "connection timeout" does not exist'],
])('another word of Postgres (%s) is our mistake, and its cause stays here', (code, message) => {
  expect(refusalOf(postgresError(code, message)).code).toBe('internal');
});

function postgresError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

test.each([
  [413, 'payload_too_large'],
  [415, 'unsupported_media_type'],
  [404, 'not_found'],
  [400, 'invalid_input'],
  [500, 'internal'],
] as const)("the framework's %i is %s", (status, code) => {
  expect(refusalOf(new HTTPException(status)).code).toBe(code);
});

test.each(ERROR_CODES)('%s has a status that fits its kind', (code) => {
  const { status } = problemResponse(new DomainError(code, 'why'), 'req_1');
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status >= 500).toBe(['internal', 'unavailable', 'at_capacity'].includes(code));
});

test('what may be tried again says when', () => {
  const response = problemResponse(new DomainError('rate_limited', 'slow down', { retryAfterS: 60 }), 'req_1');
  expect(response.headers.get('retry-after')).toBe('60');
});
