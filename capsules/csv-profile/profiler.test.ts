import { spawnSync } from 'node:child_process';

import { expect, test } from 'vitest';

const hasPython = spawnSync('python3', ['--version']).status === 0;

test.skipIf(!hasPython)('the profiler gives the known answers (test_profiler.py)', () => {
  const { status, stderr } = spawnSync('python3', ['-m', 'unittest', '-v'], {
    cwd: import.meta.dirname,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    encoding: 'utf8',
  });
  expect(stderr).toMatch(/Ran 1\d tests/);
  expect(stderr).toMatch(/^OK$/m);
  expect(status).toBe(0);
});
