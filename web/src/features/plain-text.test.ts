import { expect, test } from 'vitest';

import { plainText } from './plain-text.ts';

test('a card shows words, not marks', () => {
  expect(plainText('## Walks a *site*\n\n- reports `404`s, see [RFC 9110](https://x)\n```sh\nsoma run\n```')).toBe(
    'Walks a site reports 404s, see RFC 9110',
  );
  expect(plainText('profiles snake_case columns')).toBe('profiles snake_case columns');
});

test('of a long description it shows the first paragraph, which headings and lists do not run into', () => {
  expect(plainText('# Prices\n\nFollows **prices**\nof products.\n\n## What it does\n\n- reads pages')).toBe(
    'Follows prices of products.',
  );
});
