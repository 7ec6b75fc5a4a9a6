import { expect, test } from 'vitest';

import { choose, type ExecutorChoice, type MachineFacts } from './choose.ts';
import type { OciRuntime } from './oci/runtimes.ts';

/** A machine that has these, and its runner as root or not. */
function machine(installed: readonly OciRuntime['name'][], isRoot = true): MachineFacts {
  return {
    isRoot,
    findRuntimes: (names) => {
      const name = names.find((wanted) => installed.includes(wanted));
      return name === undefined ? {} : { standard: { name, path: `/usr/bin/${name}`, options: [] } };
    },
  };
}

function chosen(choice: ExecutorChoice, facts: MachineFacts): string | undefined {
  const found = choose(choice, facts);
  return found.kind === 'docker' ? 'docker' : found.runtimes.standard?.name;
}

test.each<[ExecutorChoice, string, MachineFacts]>([
  ['auto', 'crun', machine(['runc', 'crun'])],
  ['auto', 'runc', machine(['runc'])],
  ['auto', 'docker', machine([])],
  ['auto', 'docker', machine(['crun', 'runc'], false)],
  ['oci', 'crun', machine(['runc', 'crun'])],
  ['oci', 'runc', machine(['runc'])],
  ['crun', 'crun', machine(['runc', 'crun'])],
  ['runc', 'runc', machine(['runc', 'crun'])],
  ['docker', 'docker', machine(['runc', 'crun'])],
])('%s is %s where it can be', (choice, expected, facts) => {
  expect(chosen(choice, facts)).toBe(expected);
});

test.each<[ExecutorChoice, string, MachineFacts]>([
  ['oci', 'only root may', machine(['crun'], false)],
  ['crun', 'only root may', machine(['crun'], false)],
  ['oci', 'not installed', machine([])],
  ['crun', 'not installed', machine(['runc'])],
  ['runc', 'not installed', machine(['crun'])],
])('who asks for %s by name is never given another: %s', (choice, obstacle, facts) => {
  expect(() => choose(choice, facts)).toThrow(obstacle);
});
