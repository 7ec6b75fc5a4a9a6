import { spawn } from 'node:child_process';
import path from 'node:path';

/** `npm run check`: everything that can be known about the code without running it. Ends 1 if anything is wrong. */

const root = path.join(import.meta.dirname, '../..');

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const node = process.execPath;
const bin = (name: string): string => path.join(root, 'node_modules/.bin', name);
const dryRun = (name: string, ...target: string[]): Check => ({
  name: `deploy --dry-run (${name})`,
  command: [bin('wrangler'), 'deploy', '--dry-run', '--outdir', `dist/check/${name}`, ...target],
});

// One after the other in two lanes: the type-aware linter and the bundler each fill a core.
const lanes: readonly (readonly Check[])[] = [
  [
    { name: 'format', command: [bin('oxfmt'), '--check'] },
    { name: 'types', command: [bin('tsc'), '-p', '.'] },
    { name: 'types (web)', command: [bin('tsc'), '-p', 'web'] },
    { name: 'lint and layers', command: [bin('oxlint'), '--type-aware'] },
    { name: 'dead code', command: [bin('knip')] },
    { name: 'doc links', command: [node, 'infra/scripts/doc-links.ts'] },
  ],
  [
    { name: 'schema and migrations', command: [node, 'infra/scripts/schema-drift.ts'] },
    dryRun('router', '--env='),
    dryRun('us-west-2', '--env', 'us-west-2'),
    dryRun('eu-west-1', '--env', 'eu-west-1'),
  ],
];

interface Result {
  readonly name: string;
  readonly ok: boolean;
}

function run({ name, command: [program, ...args] }: Check): Promise<Result> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    let output = '';
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: '1', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 180_000,
    });
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    child.on('error', (error) => (output += error.message));
    child.on('close', (code) => {
      const ok = code === 0;
      console.log(`${ok ? '✓' : '✗'} ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
      if (!ok) console.log(output.trimEnd());
      resolve({ name, ok });
    });
  });
}

async function runLane(checks: readonly Check[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const check of checks) results.push(await run(check));
  return results;
}

await run({ name: 'web build', command: [bin('vite'), 'build', 'web', '--logLevel', 'error'] });
const failed = (await Promise.all(lanes.map(runLane))).flat().filter((result) => !result.ok);
if (failed.length > 0) {
  console.log(`\n${failed.length} failed: ${failed.map((result) => result.name).join(', ')}`);
  process.exitCode = 1;
}
