import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { IsolationClass } from '#contracts/isolation';

import { eventually, RunnerWorld } from '../runner-process.ts';
import { FAMILIES, sourceOf, verdictOf } from './attack.ts';
import { ATTACKS } from './index.ts';

export interface Defender {
  readonly executor: 'oci' | 'docker';
  readonly isolation: IsolationClass;
}

/** Hostile capsules, each with what must come of it, against the sandboxes of one executor and class. */
export function attackSuite({ executor, isolation }: Defender): void {
  describe(`a capsule in a ${isolation} sandbox of the executor ${executor}`, () => {
    // At most 15 characters. What is left behind by this suite is its own, also where others attack at the same time.
    const hostileName = `hostile-${randomBytes(3).toString('hex')}`;
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
      await eventually(() => !isThere(hostileName));
    });

    describe.each(FAMILIES)('that tries to %s', (family) => {
      test.each(ATTACKS.filter((attack) => attack.family === family))('by: $name', async (attack) => {
        const ran = await world.run({ 'main.py': sourceOf(attack, hostileName) }, attack.options);
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
}

/** Hostile code names its process before anything else, and its children have the name from it. */
function isThere(hostileName: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === hostileName;
    } catch {
      return false;
    }
  });
}
