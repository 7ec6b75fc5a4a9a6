import { expect, test } from 'vitest';

import { DomainError, type Violation } from '#contracts/errors';

import { nanosOfDollars } from './actions/spending.ts';
import { describeFailure, exitCodeFor, Failure, Refused, UsageError } from './failure.ts';
import { printable, printFields, printTable } from './output.ts';

function terminal() {
  const written: string[] = [];
  const sink = { write: (text: string) => void written.push(text) };
  return { stdout: sink, stderr: sink, text: () => written.join('') };
}

test('what a capsule says cannot move the cursor, forge a line or turn text around', () => {
  expect(printable('a\u001B[2J\u001B]0;title\u0007b\rc\u0000\u202Ed\te\n')).toBe('abcd\te\n');
});

test('a table has aligned columns, numbers to the right, and no trailing space', () => {
  const out = terminal();
  printTable(
    out,
    ['name', 'n'],
    [
      ['a', 1],
      ['longer', 100],
      [null, 7],
    ],
  );
  expect(out.text()).toBe('name      n\na         1\nlonger  100\n–         7\n');
});

test('fields without a value are left out', () => {
  const out = terminal();
  printFields(out, { one: 1, two: undefined, three: null, fourth: 'x' });
  expect(out.text()).toBe('one     1\nfourth  x\n');
});

test('a refusal shows its sentence, where what is wrong, and the request', () => {
  const problem = {
    type: 'x',
    title: 'The request is not valid',
    status: 400,
    code: 'invalid_input' as const,
    detail: 'the input is not valid',
    requestId: 'req_1',
    violations: [{ path: '/n', message: 'too small' }],
  };
  expect(describeFailure(new Refused(problem))).toBe(
    'The request is not valid: the input is not valid\n  /n  too small\n  invalid_input · request req_1',
  );
  expect(exitCodeFor(new Refused(problem))).toBe(1);
});

test('what is wrong alone and said already is not said twice; of several each has its line', () => {
  const [first, second] = [
    { path: '/version', message: 'expected SemVer' },
    { path: '/name', message: 'expected a name' },
  ] as const;
  const fault = (detail: string, violations: readonly Violation[]) =>
    describeFailure(new DomainError('invalid_manifest', detail, { violations }));
  expect(fault('capsule.json: /version: expected SemVer', [first])).toBe('capsule.json: /version: expected SemVer');
  expect(fault('capsule.json has 2 faults', [first, second])).toBe(
    'capsule.json has 2 faults\n  /version  expected SemVer\n  /name  expected a name',
  );
});

test('a mistake on the command line has an exit code of its own', () => {
  expect(exitCodeFor(new UsageError('x'))).toBe(2);
  expect(exitCodeFor(new Failure('x'))).toBe(1);
});

test.each([
  ['25', '25000000000'],
  ['$0.5', '500000000'],
  ['0.000000001', '1'],
  ['0', '0'],
])('%s dollars are %s nano-units', (dollars, nanos) => {
  expect(nanosOfDollars(dollars)).toBe(nanos);
});

test.each(['', '-1', '1.0000000001', '1e3', '0x10', '1,5'])('%j is no amount', (dollars) => {
  expect(() => nanosOfDollars(dollars)).toThrow('expected US dollars');
});
