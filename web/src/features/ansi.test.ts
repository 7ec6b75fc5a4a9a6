import { expect, test } from 'vitest';

import { parseAnsi } from './ansi.ts';

test('keeps colour and drops what moves the cursor', () => {
  expect(parseAnsi('\u001B[2J\u001B[1;31mno\u001B[0m \u001B]8;;http://x\u0007link')).toEqual([
    { text: 'no', classes: 'a1 ab' },
    { text: ' ', classes: '' },
    { text: 'link', classes: '' },
  ]);
});

test('a line that was rewritten shows what a terminal would still show', () => {
  expect(parseAnsi('10 %\r50 %\r100 %\r')).toEqual([{ text: '100 %', classes: '' }]);
});
