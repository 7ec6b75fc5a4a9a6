import { expect, test } from 'vitest';

import { parsePermission } from './permission.ts';

test('a permission is taken apart, and one that is not known is shown as it is', () => {
  expect(parsePermission('egress:api.example.com:443')).toEqual({
    kind: 'egress',
    target: 'api.example.com:443',
    host: 'api.example.com',
    isWildcard: false,
  });
  expect(parsePermission('egress:*.example.com:443')).toMatchObject({ kind: 'egress', isWildcard: true });
  expect(parsePermission('secret:TOKEN')).toEqual({ kind: 'secret', name: 'TOKEN', hosts: [] });
  expect(parsePermission('secret:TOKEN@a.test:443,*.b.test:80')).toEqual({
    kind: 'secret',
    name: 'TOKEN',
    hosts: ['a.test:443', '*.b.test:80'],
  });
  expect(parsePermission('artifacts')).toEqual({ kind: 'artifacts' });
  expect(parsePermission('state')).toEqual({ kind: 'state' });
  expect(parsePermission('dataset:pages')).toEqual({ kind: 'dataset', name: 'pages' });
  expect(parsePermission('gpu:a100')).toEqual({ kind: 'other', text: 'gpu:a100' });
});
