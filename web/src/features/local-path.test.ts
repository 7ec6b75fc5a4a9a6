import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { localPath } from './local-path.ts';

beforeEach(() => vi.stubGlobal('location', { origin: 'https://soma.dev' }));
afterEach(() => vi.unstubAllGlobals());

test('after signing in the way leads on within the app only', () => {
  expect(localPath('/device?user_code=ABCD')).toBe('/device?user_code=ABCD');
  expect(localPath(undefined)).toBe('/');
  for (const elsewhere of ['https://evil.example/', '//evil.example/', '/\\evil.example', 'javascript:alert(1)'])
    expect(localPath(elsewhere)).toBe('/');
});
