import { expect, test } from 'vitest';

import { emailHash } from './email-hash.ts';

const key = Buffer.alloc(32, 1).toString('base64');

test('an address is the same in any case, and says nothing without the key', async () => {
  const hash = await emailHash(key, 'Ada@Example.com');
  expect(hash).toBe(await emailHash(key, 'ada@example.com'));
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(hash).not.toBe(await emailHash(Buffer.alloc(32, 2).toString('base64'), 'ada@example.com'));
});
