import { createHash, randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { IsolationClass } from '#contracts/isolation';

import { processesThatShow } from './host-process.ts';
import type { RunResult } from './run-result.ts';
import { RunnerWorld } from './runner-process.ts';
import type { RunOptions } from './some-run.ts';
import { until } from './until.ts';

const PYTHON: RunOptions = { runtime: 'python3.11' };
const PROGRAM: RunOptions = { style: 'program' };

function outcomeOf({ end }: RunResult) {
  const { state, cause, exitCode } = end.outcome;
  return { state, cause, exitCode };
}

/** What a capsule that asks for nothing gets. */
export function isolationSuite(executor: 'oci' | 'docker', isolation: IsolationClass): void {
  describe(`a capsule in a sandbox of ${executor}, ${isolation}, gets nothing by default`, () => {
    let world: RunnerWorld;
    beforeAll(async () => {
      world = await RunnerWorld.start({ SOMA_EXECUTOR: executor }, { isolation });
    });
    afterAll(() => world.close());

    test('no network', async () => {
      const { output } = await world.run(
        {
          'main.py': `import socket
def reach(address):
    try:
        socket.create_connection(address, 2)
        return "connected"
    except OSError as error:
        return "refused"
def main(input, soma):
    addresses = [("1.1.1.1", 53), ("169.254.169.254", 80), ("172.17.0.1", 80), ("example.com", 443)]
    return [[name for _, name in socket.if_nameindex()], [reach(address) for address in addresses]]
`,
        },
        PYTHON,
      );
      expect(output).toEqual([['lo'], ['refused', 'refused', 'refused', 'refused']]);
    });

    test('no place to write but /tmp, no privileges, and no sight of process 1', async () => {
      const { output } = await world.run(
        {
          'main.py': `import ctypes, os
def can(path, mode):
    try:
        open(path, mode).close()
        return True
    except OSError:
        return False
def main(input, soma):
    status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
    return {
        "write": [path for path in ("/x", "/capsule/x", "/usr/x", "/run/soma/x", "/proc/sys/kernel/hostname", "/tmp/x") if can(path, "w")],
        "append": [path for path in ("/capsule/main.py", "/usr/local/bin/capsule-init") if can(path, "a")],
        "uid": os.getuid(), "caps": status["CapEff"], "bounding": status["CapBnd"],
        "hasNoNewPrivileges": ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) == 1, "seccomp": status["Seccomp"],
        "process1": [path for path in ("/proc/1/environ", "/proc/1/mem", "/proc/1/maps") if can(path, "r")],
        "sockets": os.listdir("/run/soma"), "descriptors": sorted(map(int, os.listdir("/proc/self/fd")))[:4],
    }
`,
        },
        PYTHON,
      );
      expect(output).toEqual({
        write: ['/tmp/x'],
        append: [],
        uid: 65_532,
        caps: '0000000000000000',
        bounding: '0000000000000000',
        hasNoNewPrivileges: true,
        seccomp: '2',
        // gVisor's kernel does not hide them; there is nothing in them that the capsule does not have.
        process1: isolation === 'strict' ? ['/proc/1/environ', '/proc/1/maps'] : [],
        sockets: [],
        descriptors: [0, 1, 2, 3],
      });
    });

    test('no secret but those it was granted, and those only as files of its own', async () => {
      const secret = randomUUID();
      const start = await world.prepare(
        {
          'main.mjs': `import { createHash } from 'node:crypto';
          export default (input, soma) => {
          let other; try { soma.secret('OTHER'); } catch (error) { other = error.message; }
          const secret = soma.secret('API_KEY');
          const isFound = createHash('sha256').update(secret).digest('hex') === input;
          soma.event('seen', { isFound, other, isInEnvironment: JSON.stringify(process.env).includes(secret) });
          return new Promise(() => setInterval(() => {}, 1000));
        };`,
        },
        { secrets: { API_KEY: secret }, input: createHash('sha256').update(secret).digest('hex') },
      );
      const running = world.execute(start);
      await until('an event of the run', async () =>
        (await world.frames(start.runId)).some(({ kind }) => kind === 'event'),
      );
      const [frames, containers, files] = [await world.frames(start.runId), await world.inspect(), world.dataFiles()];
      expect(frames.find(({ kind }) => kind === 'event')).toMatchObject({
        data: { isFound: true, other: 'the secret OTHER was not granted to this run', isInEnvironment: false },
      });
      expect(containers).toContain('capsule-init');
      for (const text of [JSON.stringify(frames), containers, ...files]) expect(text).not.toContain(secret);
      // The runner's own environment says who it is: where that is seen, a secret would be.
      expect(processesThatShow(world.runnerId)).toContain(String(world.pid));
      expect(processesThatShow(secret)).toEqual([]);
      await world.call('POST', `/v1/runs/${start.runId}/cancel`);
      expect(outcomeOf(await running)).toMatchObject({ state: 'cancelled' });
    });

    test('no life after the run, and no way to end it from inside with another story', async () => {
      const ran = await world.run(
        {
          'main.py': `import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    time.sleep(3600)
for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD, signal.SIGSTOP):
    os.kill(1, number)
print('{"nonce":"","exitCode":0,"signal":0,"timedOut":false,"wallUs":0,"cpuUs":0}', file=sys.stderr)
sys.exit(9)
`,
        },
        { ...PYTHON, ...PROGRAM },
      );
      // gVisor lets process 1 be killed, and the sandbox dies with it.
      const expected =
        isolation === 'strict' ? { cause: 'sandbox_died', exitCode: null } : { cause: 'exit_code', exitCode: 9 };
      expect(outcomeOf(ran)).toEqual({ state: 'failed', ...expected });
    });
  });
}
