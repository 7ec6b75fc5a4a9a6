import { expect, test } from 'vitest';

import { attachmentNamed } from './download-response.ts';

test.each([
  ['report.html', `attachment; filename="report.html"; filename*=UTF-8''report.html`],
  ['a"; x="\\.exe', `attachment; filename="a_; x=__.exe"; filename*=UTF-8''a%22%3B%20x%3D%22%5C.exe`],
  ['größe (1).txt', `attachment; filename="gr__e (1).txt"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%281%29.txt`],
])('%s is named so that nothing of it is read as more than a name', (name, header) => {
  expect(attachmentNamed(name)).toBe(header);
});
