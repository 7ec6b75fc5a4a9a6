import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { IsolationClass } from '#contracts/isolation';
import { AddressRules } from '#runner/egress/addresses';
import type { ExecutorChoice } from '#runner/executor/choose';

import { SandboxWorld } from './sandbox-world.ts';
import type { RunOptions } from './some-run.ts';

const PYTHON: RunOptions = { runtime: 'python3.11', artifacts: true };

/** What a run leaves behind as files, and what it only tries to. */
export function artifactSuite(executor: ExecutorChoice, isolation: IsolationClass): void {
  describe(`files of a sandbox of ${executor}, ${isolation}`, () => {
    let world: SandboxWorld;
    beforeAll(async () => {
      const network = { addresses: new AddressRules([]), resolve: () => Promise.resolve([]) };
      world = await SandboxWorld.start(network, executor);
    });
    beforeEach(({ skip }) => skip(!world.offers(isolation), `${isolation} sandboxes cannot be made here`));
    afterAll(async () => {
      await world.close();
    });
    const run = (files: Readonly<Record<string, string>>, options: RunOptions) =>
      world.run(files, { ...options, isolation });

    function python(body: string, options: RunOptions = {}) {
      const lines = body.trim().split('\n');
      const source = `import os, socket, stat\ndef main(input, soma):\n${lines.map((line) => `    ${line}\n`).join('')}    return True\n`;
      return run({ 'main.py': source }, { ...PYTHON, ...options });
    }

    describe('what a run leaves in /out', () => {
      test.each([
        [
          'node',
          {
            'main.mjs': `import { writeFileSync } from 'node:fs';
          export default async (input, soma) => {
            soma.artifact('report/größe.txt', 'fünf');
            soma.artifact('bytes.bin', new Uint8Array([0, 255]));
            writeFileSync('/out/plain', '');
            return true;
          };`,
          },
          { artifacts: true },
        ],
        [
          'python',
          {
            'main.py': `def main(input, soma):
    soma.artifact("report/größe.txt", "fünf")
    soma.artifact("bytes.bin", bytes([0, 255]))
    open("/out/plain", "w").close()
    return True
`,
          },
          PYTHON,
        ],
      ])('is taken out as it is, in %s', async (_, files, options) => {
        const { left, end, claims } = await run(files, options);
        expect(end.outcome).toMatchObject({ state: 'succeeded' });
        expect(left).toEqual({
          'bytes.bin': Buffer.from([0, 255]),
          plain: Buffer.alloc(0),
          'report/größe.txt': Buffer.from('fünf'),
        });
        expect(claims.artifacts?.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
          ['bytes.bin', 2],
          ['plain', 0],
          ['report/größe.txt', 5],
        ]);
      });

      test('comes whole, up to the last byte that is allowed', async () => {
        const { left } = await python(`open('/out/all', 'wb').write(os.urandom(3_000_000) + b'end')`, {
          resources: { artifactBytes: 3_000_003 },
        });
        expect(left['all']).toHaveLength(3_000_003);
        expect(left['all']?.subarray(-3).toString()).toBe('end');
      });

      test('comes also from a run that failed, and from folders it locked', async () => {
        const { left, end } = await python(`
os.makedirs('/out/locked/deep')
open('/out/locked/deep/log', 'w').write('why')
os.chmod('/out/locked/deep/log', 0)
os.chmod('/out/locked/deep', 0)
os.chmod('/out/locked', 0)
os.chmod('/out', 0)
raise ValueError('no')`);
        expect(end.outcome).toMatchObject({ state: 'failed', cause: 'uncaught' });
        expect(left).toEqual({ 'locked/deep/log': Buffer.from('why') });
      });

      test('is gone where the run was stopped', async () => {
        const { claims, end } = await python(`open('/out/a', 'w').write('a')\nwhile True: pass`, {
          resources: { timeoutMs: 1_000 },
        });
        expect(end.outcome.state).toBe('timed_out');
        expect(claims.artifacts).toBeUndefined();
      });

      test('changes no more once the run has ended', async () => {
        const { left } = await python(`
open('/out/a', 'w').write('done')
if os.fork() == 0:
    while True:
        open('/out/a', 'w').write('later')
        open('/out/b', 'w').write('later')`);
        for (const bytes of Object.values(left)) expect(['done', 'later', '']).toContain(bytes.toString());
      });
    });

    describe('what cannot be taken ends the run with a cause, and nothing is kept:', () => {
      test.each([
        ['a symbolic link to a file', `os.symlink('/etc/passwd', '/out/a')`, 'neither a file nor a folder'],
        ['a symbolic link to a folder', `os.symlink('/', '/out/a')`, 'neither a file nor a folder'],
        ['a hard link', `open('/out/a', 'w').close(); os.link('/out/a', '/out/b')`, 'more than one name'],
        ['a FIFO', `os.mkfifo('/out/a')`, 'neither a file nor a folder'],
        ['a socket', `socket.socket(socket.AF_UNIX).bind('/out/a')`, 'neither a file nor a folder'],
        ['a name that is no UTF-8', `open(b'/out/\\xff', 'w').close()`, 'a name is UTF-8'],
        ['a name that moves a cursor', `open('/out/\\x1b[2J', 'w').close()`, 'a name is UTF-8'],
        [
          'a path that is too long',
          `os.makedirs('/out/' + 'x' * 150); open('/out/' + 'x' * 150 + '/' + 'y' * 50, 'w')`,
          '200 bytes',
        ],
        ['nine levels', `os.makedirs('/out/1/2/3/4/5/6/7/8'); open('/out/1/2/3/4/5/6/7/8/9', 'w')`, '8 levels'],
      ])('%s', async (_, body, why) => {
        const { end, claims, left } = await python(`open('/out/good', 'w').write('good')\n${body}`);
        expect(end.outcome).toMatchObject({ state: 'failed', cause: 'artifact_invalid' });
        expect(end.outcome.detail).toContain(why);
        expect(claims.artifacts).toBeUndefined();
        expect(left).toEqual({});
      });

      test.each([
        ['too many files', `for n in range(3): open(f'/out/{n}', 'w').close()`, 'more than its 2 files'],
        ['too many folders', `for n in range(1_100): os.mkdir(f'/out/{n}')`, '1024 files and folders'],
        ['a hole of a terabyte', `open('/out/a', 'w').truncate(2 ** 40)`, 'more than its 4096 bytes'],
        ['a byte too many, in a hole', `open('/out/a', 'w').truncate(4_097)`, 'more than its 4096 bytes'],
      ])('%s', async (_, body, why) => {
        const { end, claims } = await python(body, { resources: { artifactFiles: 2, artifactBytes: 4_096 } });
        expect(end.outcome).toMatchObject({ state: 'limit_exceeded', cause: 'artifact_limit' });
        expect(end.outcome.detail).toContain(why);
        expect(claims.artifacts).toBeUndefined();
      });

      test('anything at all without the permission', async () => {
        const { end } = await python(`open('/out/a', 'w').close()`, { artifacts: false });
        expect(end.outcome).toMatchObject({ state: 'failed', cause: 'artifact_invalid' });
        expect(end.outcome.detail).toContain('no permission');
      });
    });

    test('there is room for what is allowed and no more', async () => {
      const { output, end } = await run(
        {
          'main.py': `import os
def main(input, soma):
    try:
        with open("/out/a", "wb", 0) as file:
            while True: file.write(bytes(4096))
    except OSError as error:
        os.unlink("/out/a")
        return error.strerror
`,
        },
        { ...PYTHON, resources: { artifactBytes: 65_536 } },
      );
      expect(output).toBe('No space left on device');
      expect(end.outcome.state).toBe('succeeded');
    });

    test('a device is refused where it can be made at all', async () => {
      const { output, end } = await run(
        {
          'main.py': `import os, stat
def main(input, soma):
    try:
        os.mknod("/out/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        return "made"
    except OSError as error:
        return error.strerror
`,
        },
        PYTHON,
      );
      expect([output, end.outcome.cause]).toEqual(
        isolation === 'strict' ? ['made', 'artifact_invalid'] : ['Operation not permitted', 'completed'],
      );
    });

    test('the old way, a line that calls itself an artifact, is an event like any other', async () => {
      const { end, frames, claims } = await python(`soma.event('artifact', {'path': '../../x', 'sizeBytes': 1})`);
      expect(end.outcome.state).toBe('succeeded');
      expect(frames.some((frame) => frame.kind === 'event' && frame.name === 'artifact')).toBe(true);
      expect(claims.artifacts).toBeUndefined();
    });
  });
}
