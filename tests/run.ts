import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { z } from 'zod';

import { ensureTestMachine } from './support/machine.ts';

/**
 * `npm test`: installs or starts what the tests need, runs what every change must pass, and ends with one counted line. `npm test -- all`
 * goes on with attacks, chaos and metering; `npm test -- unit workers` runs only those; what follows a second `--` goes to vitest.
 */

// The projects of a group share the machine; the whole platform and its being killed get it to themselves.
const USUAL = [['unit', 'workers'], ['integration'], ['e2e']] as const;
/** Takes as long again. */
const THOROUGH = [['attacks'], ['chaos'], ['metering']] as const;
const ALL = 'all';
/** Needs another toolchain: runs where it is asked for by name. */
const ON_REQUEST = [['conformance']] as const;

const Report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  numFailedTestSuites: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

/** Longer than a group takes on a slow machine. */
const GROUP_LIMIT_MS = 20 * 60_000;
/** Its guests are emulated. */
const CONFORMANCE_LIMIT_MS = 4 * 3_600_000;

const FAILURE_LINES = 12;
const FAILURE_LINE_LENGTH = 400;

interface Totals {
  passed: number;
  failed: number;
  failures: string[];
  skipped: string[];
}

const separator = process.argv.indexOf('--', 2);
const wanted = process.argv.slice(2, separator === -1 ? undefined : separator);
const passOn = separator === -1 ? [] : process.argv.slice(separator + 1);
const scratch = mkdtempSync(path.join(tmpdir(), 'soma-tests-'));
const totals: Totals = { passed: 0, failed: 0, failures: [], skipped: [] };

function vitest(projects: readonly string[], reportFile: string): Promise<number> {
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...projects.flatMap((project) => ['--project', project]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...passOn,
  ];
  return new Promise((resolve, reject) => {
    // What hangs between two tests no limit of a test ends.
    const limitMs = projects.includes('conformance') ? CONFORMANCE_LIMIT_MS : GROUP_LIMIT_MS;
    const child = spawn(process.execPath, args, { stdio: 'inherit', timeout: limitMs, killSignal: 'SIGKILL' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function count(reportFile: string, exitCode: number): void {
  const report = Report.parse(JSON.parse(readFileSync(reportFile, 'utf8')));
  totals.passed += report.numPassedTests;
  totals.failed += report.numFailedTests;
  for (const file of report.testResults) {
    const name = path.relative(process.cwd(), file.name);
    // A file that failed to load has no assertions of its own, and must not vanish from the count.
    if (file.status === 'failed' && file.assertionResults.length === 0) {
      totals.failed += 1;
      totals.failures.push(`${name}\n${outlineOf(file.message)}`);
    }
    for (const { status, fullName, failureMessages } of file.assertionResults) {
      if (status === 'failed') totals.failures.push(`${name}: ${fullName}\n${outlineOf(failureMessages?.join('\n'))}`);
      if (status === 'pending' || status === 'skipped' || status === 'todo')
        totals.skipped.push(`${name}: ${fullName}`);
    }
  }
  if (exitCode !== 0 && report.numFailedTests === 0 && totals.failed === 0) totals.failed += 1;
}

/** Where only the end of a long log is kept, it says what failed. */
function outlineOf(message = ''): string {
  const lines = message.split('\n').slice(0, FAILURE_LINES);
  return lines.map((line) => `  ${line.slice(0, FAILURE_LINE_LENGTH)}`).join('\n');
}

function groupsOf(names: readonly string[]): readonly (readonly string[])[] {
  if (names.length === 0) return USUAL;
  if (names.includes(ALL)) return [...USUAL, ...THOROUGH];
  return [...USUAL, ...THOROUGH, ...ON_REQUEST].map((group) => group.filter((project) => names.includes(project)));
}

const groups = groupsOf(wanted);
try {
  await ensureTestMachine(groups.flat());
  for (const group of groups.filter((projects) => projects.length > 0)) {
    const reportFile = path.join(scratch, `${group.join('-')}.json`);
    const exitCode = await vitest(group, reportFile);
    try {
      count(reportFile, exitCode);
    } catch (cause) {
      totals.failed += 1;
      totals.failures.push(`${group.join(', ')}: vitest left no report\n${outlineOf(String(cause))}`);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

for (const failure of totals.failures) console.log(`failed: ${failure}`);
for (const name of totals.skipped) console.log(`skipped: ${name}`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped.length} skipped`);
if (totals.failed > 0 || totals.passed === 0) process.exitCode = 1;
