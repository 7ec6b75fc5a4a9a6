import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';

import { PublishedLayer } from '#contracts/api/layers';
import { Run } from '#contracts/run';
import { freePorts } from '#local/ports';
import { RunningTenant } from '#support/running-tenant';

const SOMA = resolve(import.meta.dirname, '../../cli/soma.mjs');

let folder: string;
let tenant: RunningTenant;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soma-cli-'));
  tenant = await RunningTenant.create(inject('publicUrl'), 'eu-west-1');
  env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    SOMA_URL: inject('publicUrl'),
    SOMA_API_KEY: tenant.connection.credential ?? '',
    SOMA_CONFIG_DIR: join(folder, 'config'),
  };
  await soma(['keys', 'create']);
  await soma(['keys', 'register']);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `soma` as its user starts it: a process of its own. */
async function soma(
  args: readonly string[],
  { stdin = '', extra = {} }: { stdin?: string; extra?: Record<string, string> } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [SOMA, ...args], { env: { ...env, ...extra }, cwd: folder });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(stdin);
  const code = await new Promise<number | null>((settle) => {
    child.on('close', settle);
  });
  return { code, stdout, stderr };
}

async function published(template: string, slug: string): Promise<string> {
  const directory = join(folder, slug);
  expect(await soma(['init', directory, '--template', template, '--publisher', tenant.publisher.handle])).toMatchObject(
    { code: 0 },
  );
  return directory;
}

describe.each([
  ['node', { words: 14 }],
  ['python', { words: 14 }],
  ['wasm', { lines: 3 }],
])('the %s template', (template, result) => {
  test('is published, installed and run as it stands', async () => {
    const directory = await published(template, `first-${template}`);
    if (template === 'wasm') {
      const asc = resolve(import.meta.dirname, '../../node_modules/assemblyscript/bin/asc.js');
      const { scripts } = z
        .object({ scripts: z.object({ build: z.string() }) })
        .parse(JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')));
      const built = spawnSync(process.execPath, [asc, ...scripts.build.split(' ').slice(1)], {
        cwd: directory,
        encoding: 'utf8',
      });
      if (built.status !== 0) throw new Error(built.stderr);
    }
    const name = `${tenant.publisher.handle}/first-${template}`;
    expect(await soma(['publish', directory])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Published ${name} 0.1.0`),
    });
    expect(await soma(['publish', directory])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('was there already'),
    });
    expect(await soma(['install', name])).toMatchObject({ code: 0 });
    const run = await soma(['run', name, '--input', join(directory, 'sample.json')]);
    expect(run).toMatchObject({ code: 0 });
    expect(JSON.parse(run.stdout)).toMatchObject(result);
    expect(run.stderr).toContain('✓ succeeded');
  });
});

describe.each([
  [
    'node',
    'node24',
    'node_modules/shout/index.js',
    "module.exports = (text) => text.toUpperCase() + '!';",
    'main.mjs',
    "import shout from 'shout'; export default (input) => ({ words: 1, top: [shout(input.text)] });",
  ],
  [
    'python',
    'python3.11',
    'site-packages/shout/__init__.py',
    'def shout(text): return text.upper() + "!"',
    'main.py',
    'from shout import shout\ndef main(input, soma): return {"words": 1, "top": [shout(input["text"])]}\n',
  ],
])('a layer of %s', (template, runtime, dependency, content, main, code) => {
  test('is published, named by a capsule, and imported in its runs', async () => {
    const installed = join(folder, `dependencies-${template}`);
    await mkdir(dirname(join(installed, dependency)), { recursive: true });
    await writeFile(join(installed, dependency), content);
    const layer = await soma(['layers', 'publish', installed, '--runtime', runtime, '--json']);
    expect(layer).toMatchObject({ code: 0 });
    const { digest } = PublishedLayer.parse(JSON.parse(layer.stdout));

    const slug = `layered-${template}`;
    const directory = await published(template, slug);
    const manifest = join(directory, 'capsule.json');
    const written = z.looseObject({}).parse(JSON.parse(await readFile(manifest, 'utf8')));
    await writeFile(manifest, JSON.stringify({ ...written, layers: [digest] }));
    await writeFile(join(directory, main), code);
    expect(await soma(['publish', directory])).toMatchObject({ code: 0 });
    const name = `${tenant.publisher.handle}/${slug}`;
    expect(await soma(['install', name])).toMatchObject({ code: 0 });
    const run = await soma(['run', name, '--input', '{"text":"hello"}']);
    expect(run).toMatchObject({ code: 0 });
    expect(JSON.parse(run.stdout)).toMatchObject({ top: ['HELLO!'] });
  });
});

describe('a run', () => {
  let name: string;
  beforeAll(async () => {
    const installation = await tenant.installs(
      'speaker',
      `export default async (input, soma) => {
        console.log('said \\u001b[31mred\\u001b[0m');
        console.error('muttered');
        soma.progress(0.5, 'half');
        if (input.fail) process.exit(3);
        return { heard: input };
      };`,
    );
    name = installation.capsule;
  });

  test('has its result on stdout and all else on stderr, without escape sequences', async () => {
    const { code, stdout, stderr } = await soma(['run', name, '--input', '-'], { stdin: '{"a":1}' });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ heard: { a: 1 } });
    expect(stderr).toContain('said red\n');
    expect(stderr).toContain('muttered\n');
    expect(stderr).toContain('50 %  half');
    expect(stderr).not.toContain('\u001B');
  });

  test('that fails ends with 1 and says why', async () => {
    const { code, stdout, stderr } = await soma(['run', name, '--input', '{"fail":true}']);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/✗ failed \(exit_code\)/);
  });

  test('is one JSON value with --json', async () => {
    const { stdout } = await soma(['run', name, '--input', '{}', '--json']);
    expect(Run.parse(JSON.parse(stdout))).toMatchObject({
      state: 'succeeded',
      output: { heard: {} },
      amountNanos: expect.stringMatching(/^[1-9]/),
      endedAt: expect.any(String),
    });
  });

  test('can be left, watched later, and its receipt verified without the network', async () => {
    const id = (await soma(['run', name, '--detach'])).stdout.trim();
    expect(await soma(['logs', id, '--follow'])).toMatchObject({ code: 0, stdout: 'said \u001B[31mred\u001B[0m\n' });
    const bundle = join(folder, 'trust.pem');
    await writeFile(bundle, (await soma(['receipt', 'trust-bundle'])).stdout);
    const jws = join(folder, 'receipt.jws');
    await writeFile(jws, (await soma(['receipt', 'show', id, '--raw'])).stdout);
    const offline = { SOMA_URL: 'http://127.0.0.1:9' };
    const verified = await soma(['receipt', 'verify', jws, '--trust-bundle', bundle], { extra: offline });
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining(id) });
  });

  test('gives its result also where nobody reads on what is told beside it', async () => {
    const source = `export default async () => {
      for (let line = 0; line < 5; line += 1) await new Promise((resolve) => setTimeout(resolve, 50, console.log(line)));
      return 'done';
    };`;
    const { capsule } = await tenant.installs('talkative', source);
    const child = spawn(process.execPath, [SOMA, 'run', capsule], { env, cwd: folder });
    child.stderr.once('data', () => child.stderr.destroy());
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    const code = await new Promise((settle) => {
      child.on('close', settle);
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '"done"\n' });
  });

  test('is cancelled by Ctrl-C', async () => {
    const slow = await tenant.installs(
      'slow',
      'export default () => new Promise((resolve) => setTimeout(resolve, 20_000));',
    );
    const child = spawn(process.execPath, [SOMA, 'run', slow.capsule], { env, cwd: folder });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (!stderr.includes('run_') && (stderr + text).includes('run_')) child.kill('SIGINT');
      stderr += text;
    });
    const code = await new Promise((settle) => {
      child.on('close', settle);
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/✗ cancelled/);
  });
});

describe('what is wrong', () => {
  test('on the command line ends with 2', async () => {
    expect(await soma(['run'])).toMatchObject({ code: 2 });
    expect(await soma(['nonsense'])).toMatchObject({ code: 2 });
    expect(await soma(['runs', '--limit', 'many'])).toMatchObject({ code: 2 });
    expect(await soma(['run', 'no-slash'])).toMatchObject({ code: 2 });
  });

  test('with the platform ends with 1, and names the request', async () => {
    const { code, stderr } = await soma(['show', 'nobody/nothing']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/not_found · request req_[0-9a-f]{32}/);
  });

  test('in a manifest is shown with its place, before anything is sent', async () => {
    const directory = await published('node', 'broken');
    const path = join(directory, 'capsule.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"0.1.0"', '"one"').replace('main.mjs', 'gone.mjs'));
    const { code, stderr } = await soma(['publish', directory], { extra: { SOMA_URL: 'http://127.0.0.1:9' } });
    expect(code).toBe(1);
    expect(stderr).toContain('/version');
  });

  test('with the network is one sentence', async () => {
    const [port] = await freePorts(1);
    const { code, stderr } = await soma(['usage'], { extra: { SOMA_URL: `http://127.0.0.1:${port}` } });
    expect(code).toBe(1);
    expect(stderr.trim()).toBe(`soma: http://127.0.0.1:${port} does not answer (ECONNREFUSED)`);
  });
});

test('keys and credentials are readable by their owner alone', async () => {
  const modes = await Promise.all(
    ['config/keys', 'config/keys/default.pem'].map(async (path) =>
      ((await stat(join(folder, path))).mode & 0o777).toString(8),
    ),
  );
  expect(modes).toEqual(['700', '600']);
});

test.each([
  'whoami',
  'search',
  'installations list',
  'runs',
  'usage',
  'budget get',
  'audit list',
  'audit verify',
  'api-keys list',
  'keys list',
  'layers list',
])('soma %s --json is JSON', async (command) => {
  const { code, stdout } = await soma([...command.split(' '), '--json']);
  expect(code).toBe(0);
  expect(() => JSON.parse(stdout)).not.toThrow();
});

test('the files of a run are listed and downloaded, and none is written over', async () => {
  const source = `export default (input, soma) => { soma.artifact('a/report.txt', 'all is well'); return true; };`;
  const permissions = { artifacts: true };
  const installation = await tenant.installs('filer', source, { permissions }, ['artifacts']);
  const ran = await soma(['run', installation.capsule, '--input', '{}', '--json']);
  const { id } = z.object({ id: z.string() }).loose().parse(JSON.parse(ran.stdout));
  const into = join(folder, 'files');
  expect(await soma(['artifacts', 'download', id, '--out', into])).toMatchObject({ code: 0 });
  expect(await readFile(join(into, 'a/report.txt'), 'utf8')).toBe('all is well');
  expect((await soma(['artifacts', 'list', id])).stdout).toContain('a/report.txt');
  expect(await soma(['artifacts', 'download', id, '--out', into])).toMatchObject({ code: 0 });
  await writeFile(join(into, 'a/report.txt'), 'mine');
  expect(await soma(['artifacts', 'download', id, '--out', into])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is there already'),
  });
  expect(await readFile(join(into, 'a/report.txt'), 'utf8')).toBe('mine');
});
