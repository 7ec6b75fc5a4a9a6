import { expect, test } from 'vitest';

import { ATTACKS } from '../support/attacks/index.ts';
import { attackSuite } from '../support/attacks/suite.ts';
import { attackTables, PAGE, SECTION } from '../support/attacks/table.ts';
import { readSection } from '../support/publish-section.ts';

attackSuite({ executor: 'oci', isolation: 'standard' });

test('the page on the sandbox says of every attack what it got', () => {
  expect(ATTACKS.length).toBeGreaterThanOrEqual(50);
  expect(new Set(ATTACKS.map(({ name }) => name)).size).toBe(ATTACKS.length);
  expect(readSection(PAGE, SECTION)).toBe(attackTables());
});
