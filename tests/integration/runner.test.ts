import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';

import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ReceiptClaims } from '#contracts/receipt';
import { freePorts } from '#local/ports';

import type { RunResult } from '../support/run-result.ts';
import { RunnerWorld } from '../support/runner-process.ts';
import type { RunOptions } from '../support/some-run.ts';

let world: RunnerWorld;
let healthPort: number;
beforeAll(async () => {
  [healthPort] = await freePorts(1);
  world = await RunnerWorld.start({ SOMA_HEALTH_PORT: String(healthPort) });
});
afterAll(async () => {
  await world.close();
});

const PYTHON: RunOptions = { runtime: 'python3.11' };
const PROGRAM: RunOptions = { style: 'program' };

function outcomeOf({ end }: RunResult) {
  const { state, cause, exitCode } = end.outcome;
  return { state, cause, exitCode };
}

const SUCCEEDED = { state: 'succeeded', cause: 'completed', exitCode: 0 };

describe('a handler', () => {
  test('in node gets the input and answers with its output', async () => {
    const ran = await world.run(
      { 'main.js': 'export default async (input) => { console.log("at work"); return { hello: input.name }; };' },
      { input: { name: 'Ada' } },
    );
    expect(outcomeOf(ran)).toEqual(SUCCEEDED);
    expect(ran.stdout).toBe('at work\n');
    expect(ran.output).toEqual({ hello: 'Ada' });
  });

  test('in python gets the input and answers with its output', async () => {
    const ran = await world.run(
      { 'main.py': 'def main(input, soma):\n    print("at work")\n    return {"hello": input["name"]}\n' },
      { ...PYTHON, input: { name: 'Ada' } },
    );
    expect(outcomeOf(ran)).toEqual(SUCCEEDED);
    expect(ran.stdout).toBe('at work\n');
    expect(ran.output).toEqual({ hello: 'Ada' });
  });

  test.each([
    [
      'node',
      {
        'main.mjs': `import { twice } from './lib/twice.mjs';
          export default async (input, soma) => {
            soma.progress(0.5, 'half');
            soma.event('found', { n: twice(21) });
            soma.usage('tokens', 2); soma.usage('tokens', 3);
            soma.artifact('a.txt', 'abc');
            console.error('careful');
            return soma.secret('API_KEY').length;
          };`,
        'lib/twice.mjs': 'export const twice = (n) => 2 * n;',
      },
      {},
    ],
    [
      'python',
      {
        'main.py': `import sys
from lib.twice import twice
async def main(input, soma):
    soma.progress(0.5, "half")
    soma.event("found", {"n": twice(21)})
    soma.usage("tokens", 2); soma.usage("tokens", 3)
    soma.artifact("a.txt", "abc")
    print("careful", file=sys.stderr)
    return len(soma.secret("API_KEY"))
`,
        'lib/twice.py': 'def twice(n): return 2 * n\n',
      },
      PYTHON,
    ],
  ])('in %s has progress, events, usage, artifacts and secrets at hand', async (_, files, options) => {
    const ran = await world.run(files, {
      ...options,
      artifacts: true,
      meterLimits: { tokens: 5 },
      secrets: { API_KEY: 'not a word\n' },
    });
    expect(outcomeOf(ran)).toEqual(SUCCEEDED);
    expect(ran.output).toBe('not a word\n'.length);
    expect(ran.stderr).toBe('careful\n');
    expect(ran.end.usage.meters).toEqual({ tokens: 5 });
    const events = ran.frames.flatMap((frame) => (frame.kind === 'event' ? [[frame.name, frame.data]] : []));
    expect(events).toEqual([
      ['progress', { fraction: 0.5, message: 'half' }],
      ['found', { n: 42 }],
    ]);
  });

  test.each([
    ['node', { 'main.js': 'export default () => { throw new TypeError("boom"); };' }, {}, 'TypeError: boom'],
    [
      'node, later',
      { 'main.js': 'export default () => new Promise(() => setTimeout(() => { throw new Error("late"); }));' },
      {},
      'Error: late',
    ],
    ['python', { 'main.py': 'def main(input, soma):\n    raise ValueError("boom")\n' }, PYTHON, 'ValueError: boom'],
  ])('that throws in %s has failed, with the message', async (_, files, options, message) => {
    const ran = await world.run(files, options);
    expect(outcomeOf(ran)).toEqual({ state: 'failed', cause: 'uncaught', exitCode: 1 });
    expect(ran.end.outcome.detail).toBe(message);
    expect(ran.stderr).toContain(message);
  });

  test.each([
    ['undefined in node', { 'main.js': 'export default () => undefined;' }, {}],
    ['a cycle in node', { 'main.js': 'export default () => { const a = {}; a.a = a; return a; };' }, {}],
    ['a BigInt in node', { 'main.js': 'export default () => 1n;' }, {}],
    ['NaN in python', { 'main.py': 'def main(input, soma): return float("nan")\n' }, PYTHON],
    ['an object in python', { 'main.py': 'def main(input, soma): return object()\n' }, PYTHON],
    ['nothing: it left the process', { 'main.js': 'export default () => process.exit(0);' }, {}],
    ['a lone surrogate', { 'main.js': 'export default () => "\\ud800";' }, {}],
  ])('that returns %s has failed: its output is not valid', async (_, files, options) => {
    const { end } = await world.run(files, options);
    expect(end.outcome).toMatchObject({ state: 'failed', cause: 'output_invalid' });
  });
});

describe('a program', () => {
  test.each([
    [
      'node',
      {
        'main.cjs': `const fs = require('node:fs');
          const input = JSON.parse(fs.readFileSync(0, 'utf8'));
          console.log(process.argv.length);
          fs.writeSync(3, JSON.stringify({ event: 'seen', data: input }) + '\\n' + JSON.stringify({ result: [input] }));`,
      },
      {},
    ],
    [
      'python',
      {
        'main.py': `import json, os, sys
if __name__ == "__main__":
    value = json.load(sys.stdin)
    print(len(sys.argv) + 1)
    os.write(3, (json.dumps({"event": "seen", "data": value}) + "\\n" + json.dumps({"result": [value]})).encode())
`,
      },
      PYTHON,
    ],
  ])('in %s reads stdin and writes JSON lines on descriptor 3', async (_, files, options) => {
    const ran = await world.run(files, { ...options, ...PROGRAM, input: 'x' });
    expect(outcomeOf(ran)).toEqual(SUCCEEDED);
    expect(ran.output).toEqual(['x']);
    expect(ran.stdout).toBe('2\n');
    expect(ran.frames.find(({ kind }) => kind === 'event')).toMatchObject({ name: 'seen', data: 'x' });
  });

  test('may end without a result', async () => {
    const ran = await world.run({ 'main.js': 'console.log(1)' }, PROGRAM);
    expect(outcomeOf(ran)).toEqual(SUCCEEDED);
    expect(ran.output).toBeUndefined();
  });

  test('that exits with another code than 0 has failed with that code', async () => {
    const ran = await world.run({ 'main.py': 'raise SystemExit(7)' }, { ...PYTHON, ...PROGRAM });
    expect(outcomeOf(ran)).toEqual({ state: 'failed', cause: 'exit_code', exitCode: 7 });
  });

  test('that a signal ended has failed with the code a shell would show', async () => {
    const ran = await world.run({ 'main.py': 'import os\nos.kill(os.getpid(), 11)' }, { ...PYTHON, ...PROGRAM });
    expect(outcomeOf(ran)).toEqual({ state: 'failed', cause: 'exit_code', exitCode: 139 });
  });

  test('that writes no JSON on descriptor 3 is stopped', async () => {
    const main = 'require("fs").writeSync(3, "hello\\n"); setInterval(() => {}, 1000);';
    const { end } = await world.run({ 'main.cjs': main }, PROGRAM);
    expect(end.outcome).toMatchObject({ state: 'failed', cause: 'output_invalid' });
    expect(end.outcome.detail).toContain('hello');
  });

  test('prints any bytes it likes', async () => {
    const ran = await world.run(
      { 'main.py': 'import sys\nsys.stdout.buffer.write(bytes(range(256)) * 64)' },
      { ...PYTHON, ...PROGRAM },
    );
    const bytes = ran.frames.flatMap((frame) =>
      frame.kind === 'stdout' ? [Buffer.from(frame.text, frame.encoding)] : [],
    );
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    expect(Buffer.concat(bytes)).toEqual(Buffer.concat(Array.from({ length: 64 }, () => everyByte)));
  });
});

test('a wasm command reads stdin, and its stdout is the result channel', async () => {
  const ran = await world.run({ 'main.wasm': wasmThatWrites('{"result":"from wasm"}\n') }, { runtime: 'wasm' });
  expect(outcomeOf(ran)).toEqual(SUCCEEDED);
  expect(ran.output).toBe('from wasm');
});

test('a wasm command has the same helper: progress, events, usage, secrets, files, rows and state', async () => {
  const options: RunOptions = {
    runtime: 'wasm',
    style: 'program',
    input: 'some input',
    secrets: { API_KEY: 'a-secret-value' },
    artifacts: true,
    datasets: ['pages'],
    state: { revision: 0, entries: { old: 1 } },
    meterLimits: { tokens: 10 },
  };
  const ran = await world.run({ 'main.wasm': await compileWithHelper(EVERYTHING) }, options);
  expect(outcomeOf(ran)).toEqual(SUCCEEDED);
  expect(ran.output).toEqual({ input: 12, secret: 14, other: true });
  expect(ran.stderr).toBe('careful\n');
  expect(ran.end.usage.meters).toEqual({ tokens: 5 });
  expect(ran.frames).toContainEqual(
    expect.objectContaining({ kind: 'event', name: 'progress', data: { fraction: 0.5, message: 'half "way"\n' } }),
  );
  expect(ran.frames).toContainEqual(expect.objectContaining({ kind: 'event', name: 'found', data: { n: 42 } }));
  const claims = ReceiptClaims.parse(decodeJwt(ran.end.receipt ?? ''));
  expect(claims.artifacts?.map(({ path, sizeBytes }) => ({ path, sizeBytes }))).toEqual([
    { path: 'deep/er/a.txt', sizeBytes: 3 },
  ]);
  expect(claims.datasets?.map(({ name, rows }) => ({ name, rows }))).toEqual([{ name: 'pages', rows: 1 }]);
});

const EVERYTHING = `
import { artifact, deleteState, event, log, progress, readInput, result, row, secret, setState, usage } from './soma';
export function _start(): void {
  const input = readInput(1000);
  progress(0.5, 'half "way"\\n');
  event('found', '{"n":42}');
  usage('tokens', 2);
  usage('tokens', 3);
  row('pages', '{"url":"a"}');
  setState('seen', '1');
  deleteState('old');
  artifact('deep/er/a.txt', Uint8Array.wrap(String.UTF8.encode('abc')));
  log('careful');
  const key = secret('API_KEY');
  const other = secret('OTHER');
  const length = key == null ? -1 : key.length;
  result('{"input":' + input.length.toString() + ',"secret":' + length.toString() + ',"other":' + (other == null).toString() + '}');
}
`;

/** As the template for wasm has it compiled. */
async function compileWithHelper(main: string): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'soma-wasm-'));
  try {
    cpSync('cli/templates/wasm/assembly', join(folder, 'assembly'), { recursive: true });
    writeFileSync(join(folder, 'assembly/main.ts'), main);
    const { default: asc } = await import('assemblyscript/asc');
    const said: string[] = [];
    const { error } = await asc.main(
      [
        'assembly/main.ts',
        '--baseDir',
        folder,
        '--outFile',
        'main.wasm',
        '--runtime=stub',
        '--use=abort=assembly/soma/abort',
      ],
      { stderr: { write: (text: string | Uint8Array) => said.push(String(text)) } },
    );
    if (error) throw new Error(said.join(''));
    return readFileSync(join(folder, 'main.wasm'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a wasm module that traps has failed', async () => {
  const { end } = await world.run({ 'main.wasm': new Uint8Array([0, 0x61, 0x73, 0x6d]) }, { runtime: 'wasm' });
  expect(end.outcome).toMatchObject({ state: 'failed', cause: 'uncaught' });
});

describe('a request line that is no URL', () => {
  const TARGETS = ['//', '///', '//[', '//:80', '/v1/runs/%', '/v1/runs/%00/frames', 'http://', '*', '/%ff%fe'];

  test.each(TARGETS)('%s is refused at both doors, and the runner goes on', async (target) => {
    const { pid } = world;
    expect((await world.get(target)).status).toBeOneOf([400, 404, 405]);
    expect(await healthStatus(target)).toBeOneOf([400, 404]);
    expect(world.pid).toBe(pid);
    expect(await healthStatus('/healthz')).toBe(200);
  });

  test('is refused where it is no HTTP at all', async () => {
    const socket = connect(healthPort, '127.0.0.1').setEncoding('utf8');
    socket.write('GET \u0000 // HTTP/9.9\r\n\r\n');
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('costs no run', async () => {
    const started = world.run({ 'main.js': 'export default () => new Promise((done) => setTimeout(done, 200, 7));' });
    await Promise.all(TARGETS.flatMap((target) => [healthStatus(target), world.get(target)]));
    expect((await started).output).toBe(7);
  });
});

async function healthStatus(path: string): Promise<number | undefined> {
  const outgoing = request({ host: '127.0.0.1', port: healthPort, path }).end();
  const [response] = await once(outgoing, 'response');
  response.resume();
  return response.statusCode;
}

/** A WASI command that writes `text` to its stdout, assembled by hand. */
function wasmThatWrites(text: string): Uint8Array {
  const bytes = [...Buffer.from(text)];
  const write = [0x41, 1, 0x41, 0, 0x41, 1, 0x41, 8, 0x10, 0, 0x1a, 0x0b];
  const iovec = [16, 0, 0, 0, bytes.length, 0, 0, 0];
  return Uint8Array.from(
    [
      wasmSection(1, [2, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f, 0x60, 0, 0]),
      wasmSection(2, [1, ...wasmName('wasi_snapshot_preview1'), ...wasmName('fd_write'), 0, 0]),
      wasmSection(3, [1, 1]),
      wasmSection(5, [1, 0, 1]),
      wasmSection(7, [2, ...wasmName('memory'), 2, 0, ...wasmName('_start'), 0, 1]),
      wasmSection(10, [1, write.length + 1, 0, ...write]),
      wasmSection(11, [2, 0, 0x41, 0, 0x0b, iovec.length, ...iovec, 0, 0x41, 16, 0x0b, bytes.length, ...bytes]),
    ].reduce((module, section) => [...module, ...section], WASM_PREAMBLE),
  );
}
const WASM_PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

function wasmName(text: string): number[] {
  return [text.length, ...Buffer.from(text)];
}

function wasmSection(id: number, content: readonly number[]): number[] {
  return [id, content.length, ...content];
}
