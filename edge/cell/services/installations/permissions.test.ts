import fc from 'fast-check';
import { expect, test } from 'vitest';

import { permissionsMissing } from './permissions.ts';

test('a grant is exact: a wildcard host does not grant one host, nor the other way round', () => {
  expect(permissionsMissing(['egress:api.example.com:443'], ['egress:*.example.com:443'])).toEqual([
    'egress:api.example.com:443',
  ]);
  expect(permissionsMissing(['egress:*.example.com:443'], ['egress:api.example.com:443'])).toEqual([
    'egress:*.example.com:443',
  ]);
});

test('with what is missing granted too, nothing is missing, and never less was named', () => {
  const permission: fc.Arbitrary<string> = fc.constantFrom(
    'artifacts',
    'secret:TOKEN',
    'egress:a.example:443',
    'egress:b.example:443',
  );
  fc.assert(
    fc.property(fc.uniqueArray(permission), fc.uniqueArray(permission), (wanted, approved) => {
      const missing = permissionsMissing(wanted, approved);
      expect(permissionsMissing(wanted, [...approved, ...missing])).toEqual([]);
      expect(missing.some((one) => approved.includes(one))).toBe(false);
    }),
  );
});
