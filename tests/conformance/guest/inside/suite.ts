import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { relative } from 'node:path';

import { z } from 'zod';

import type { Suite, SuiteResult, TestResult } from '../protocol.ts';
import { say, uptimeSeconds } from './say.ts';

const REPORT = '/tmp/report.json';
const LOG_CHARACTERS = 4_000;
const CONFIG = 'tests/conformance/guest/inside/vitest.config.ts';
const FLAGS =
  `--config ${CONFIG} --configLoader runner --reporter verbose --reporter json --outputFile.json ${REPORT}`.split(' ');
/** Every runner that the tests start loads the same modules, and compiling is slow in here. */
const COMPILE_CACHE = { NODE_COMPILE_CACHE: '/tmp/node-compile-cache' };

const VitestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string(),
          duration: z.number().nullish(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/** Runs the files of a suite with vitest, and reads what came of it. */
export async function runSuite({ name, files, environment, pattern }: Suite): Promise<SuiteResult> {
  say(`suite ${name}`);
  rmSync(REPORT, { force: true });
  const begunAt = uptimeSeconds();
  const child = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', ...FLAGS, ...(pattern ? ['--testNamePattern', pattern] : []), ...files],
    // Not the console itself: on a terminal, vitest draws the same lines again and again.
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', ...COMPILE_CACHE, ...environment } },
  );
  for (const output of [child.stdout, child.stderr]) output.pipe(process.stdout, { end: false });
  const [code] = await once(child, 'close');
  const guestSeconds = uptimeSeconds() - begunAt;
  const exitCode = typeof code === 'number' ? code : 1;
  if (exitCode !== 0) showLogsLeft();
  const isWanted = (test: TestResult) => pattern === undefined || test.status !== 'skipped';
  return { name, exitCode, guestSeconds, tests: readTests().filter(isWanted) };
}

/** A world that did not start leaves the log of its runner. */
function showLogsLeft(): void {
  for (const log of globSync('/tmp/soma-runner-test-*/runner.log')) {
    console.log(`${log}:\n${readFileSync(log, 'utf8').slice(-LOG_CHARACTERS)}`);
  }
}

function readTests(): TestResult[] {
  const { testResults } = VitestReport.parse(JSON.parse(readFileSync(REPORT, 'utf8')));
  return testResults.flatMap(({ name, status, message, assertionResults }): TestResult[] => {
    const file = relative(process.cwd(), name);
    const tests = assertionResults.map((test) => ({
      file,
      name: test.fullName,
      status: statusOf(test.status),
      durationMs: test.duration ?? 0,
      failures: test.failureMessages ?? [],
    }));
    // A file that failed to load or to clean up has a failure of its own.
    const isFailedItself = status === 'failed' && !tests.some((test) => test.status === 'failed');
    const own = { file, name: 'the file itself', status: 'failed' as const, durationMs: 0, failures: [message ?? ''] };
    return isFailedItself ? [...tests, own] : tests;
  });
}

function statusOf(status: string): TestResult['status'] {
  return status === 'passed' || status === 'failed' ? status : 'skipped';
}
