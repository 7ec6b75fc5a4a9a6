import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';

import { PermissionList } from './permission-list.tsx';

function shown(...approved: string[]): string {
  const props = { approved, needed: [], version: '1.0.0', isWorking: false, onRevoke: () => undefined };
  return renderToStaticMarkup(createElement(PermissionList, props)).replaceAll(/<[^>]*>/g, ' ');
}

test('a secret is shown with the hosts that a run which has it connects to', () => {
  const page = shown('egress:other.test:443', 'secret:TOKEN@*.b.test:80,a.test:443');
  expect(page).toContain('Use the secret TOKEN ');
  expect(page).toContain('connects to *.b.test:80, a.test:443 and nowhere else');
});

test('a secret that may go anywhere is shown as such', () => {
  expect(shown('secret:TOKEN')).toContain('may send it to any host it may connect to');
});
