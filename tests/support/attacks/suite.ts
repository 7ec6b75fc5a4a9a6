import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { IsolationClass } from '#contracts/isolation';
import { allPids } from '#local/processes/proc';

import { nameOf } from '../host-process.ts';
import { metricLines } from '../remains.ts';
import { RunnerWorld } from '../runner-process.ts';
import { until } from '../until.ts';
import { FAMILIES, filesOf, verdictOf } from './attack.ts';
import { Registrar } from './census.ts';
import { ATTACKS } from './index.ts';
import { Neighbour } from './neighbour.ts';
import { Traps } from './traps.ts';

export interface Defender {
  readonly executor: 'oci' | 'docker';
  readonly isolation: IsolationClass;
}

/** Of an attack that takes this long, a neighbour is seen to go on meanwhile. */
const LONG_US = 1_000_000;
/** After so many attacks the neighbour is let go, its work looked at, and another one takes its place. */
const ATTACKS_A_NEIGHBOUR = 10;

/** Hostile capsules, each with what must come of it, against the sandboxes of one executor and class. */
export function attackSuite({ executor, isolation }: Defender): void {
  describe(`a capsule in a ${isolation} sandbox of the executor ${executor}`, () => {
    // At most 15 characters. What is left behind by this suite is its own, also where others attack at the same time.
    const hostileName = `hostile-${randomBytes(3).toString('hex')}`;
    let world: RunnerWorld;
    let traps: Traps;
    let registrar: Registrar;
    let neighbour: Neighbour | undefined;
    let survived = 0;
    beforeAll(async () => {
      world = await RunnerWorld.start({ SOMA_EXECUTOR: executor }, { isolation });
      traps = await Traps.set();
      registrar = new Registrar(world);
    });
    afterAll(async () => {
      await neighbour?.moveOut();
      await until('nothing being left', () => registrar.isQuiet(0));
      const reaped = metricLines((await world.get('/metrics')).text, 'soma_runner_sandboxes_reaped_total ');
      assert.deepEqual(reaped, ['soma_runner_sandboxes_reaped_total 0']);
      await world.close();
      await traps.close();
      assert.equal(await world.containers(), 0);
    });
    beforeEach(async () => {
      if (neighbour !== undefined && survived % ATTACKS_A_NEIGHBOUR === 0) {
        await neighbour.moveOut();
        neighbour = undefined;
      }
      survived += 1;
      neighbour ??= await Neighbour.moveIn(world);
      await until('nothing but the neighbour', () => registrar.isQuiet(1));
    });
    /** Nobody has cleaned up yet: the pool and the neighbour are there, and nothing that the attack left. */
    afterEach(async () => {
      await neighbour?.goesOn();
      await until('nothing but the neighbour', () => registrar.isQuiet(1));
      expect(traps.visits).toBe(0);
      expect((await world.get('/healthz')).status).toBe(200);
      await until('the end of the hostile process', () => !allPids().some((pid) => nameOf(pid) === hostileName));
    });

    const here = ATTACKS.filter(({ only = process.arch }) => only === process.arch);
    describe.each(FAMILIES)('that tries to %s', (family) => {
      test.each(here.filter((attack) => attack.family === family))('by: $name', async (attack) => {
        assert.ok(neighbour);
        const ticks = await neighbour.ticks();
        const input = {
          neighbour: { ...neighbour.belongings },
          trap: { ...traps.where, addresses: [...traps.where.addresses] },
        };
        const ran = await world.run(filesOf(attack, hostileName), { ...attack.options, input });
        const { state, cause } = ran.end.outcome;
        const { means: _, ...expected } = verdictOf(attack, isolation);
        expect({ state, cause, output: ran.output }).toEqual(expected);
        expect(ran.end.usage.wallUs <= LONG_US || (await neighbour.ticks()) > ticks).toBe(true);
      });
    });

    test('that means no harm still runs, in a sandbox nobody has touched', async () => {
      const ran = await world.run({ 'main.js': 'export default () => "well";' });
      expect(ran.output).toBe('well');
    });
  });
}
