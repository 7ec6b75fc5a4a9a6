import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { FAMILIES, HOSTILE_NAME, sourceOf, verdictOf } from '../support/attacks/attack.ts';
import { ATTACKS } from '../support/attacks/index.ts';
import { attackTables, PAGE, SECTION } from '../support/attacks/table.ts';
import { readSection } from '../support/publish-section.ts';
import { eventually, RunnerWorld } from '../support/runner-process.ts';

/** Hostile capsules, each with what must come of it, in every class and with every executor that makes it. */

const ENGINES = [
  { executor: 'oci', isolation: 'standard' },
  { executor: 'docker', isolation: 'standard' },
  { executor: 'oci', isolation: 'strict' },
] as const;

describe.each(ENGINES)('a capsule in a $isolation sandbox of the executor $executor', ({ executor, isolation }) => {
  let world: RunnerWorld;
  beforeAll(async () => {
    world = await RunnerWorld.start({ SOMA_EXECUTOR: executor }, { isolation });
  });
  afterAll(async () => {
    await world.close();
    assert.equal(await world.containers(), 0);
  });
  afterEach(async () => {
    assert.equal((await world.get('/healthz')).status, 200);
    await eventually(() => hostileProcesses().length === 0);
  });

  describe.each(FAMILIES)('that tries to %s', (family) => {
    test.each(ATTACKS.filter((attack) => attack.family === family))('by: $name', async (attack) => {
      const ran = await world.run({ 'main.py': sourceOf(attack) }, attack.options);
      const { state, cause } = ran.end.outcome;
      const { means: _, ...expected } = verdictOf(attack, isolation);
      expect({ state, cause, output: ran.output }).toEqual(expected);
    });
  });

  test('that means no harm still runs, in a sandbox nobody has touched', async () => {
    const ran = await world.run({ 'main.js': 'export default () => "well";' });
    expect(ran.output).toBe('well');
  });
});

test('the page on the sandbox says of every attack what it got', () => {
  expect(ATTACKS.length).toBeGreaterThanOrEqual(50);
  expect(new Set(ATTACKS.map(({ name }) => name)).size).toBe(ATTACKS.length);
  expect(readSection(PAGE, SECTION)).toBe(attackTables());
});

/** Hostile code names its process before anything else, and its children have the name from it. */
function hostileProcesses(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === HOSTILE_NAME;
    } catch {
      return false;
    }
  });
}
