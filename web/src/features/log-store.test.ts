import { expect, test } from 'vitest';

import { LogStore } from './log-store.ts';

const store = () => new LogStore((work) => work());
const texts = (log: LogStore) => log.lines.map((line) => `${line.source}: ${line.text}`);

test('a line that came in pieces is one line', () => {
  const log = store();
  log.push('stdout', 'hel');
  log.push('stdout', 'lo\nwor');
  log.push('stdout', 'ld\n');
  expect(texts(log)).toEqual(['stdout: hello', 'stdout: world']);
});

test('a line without its end is shown already', () => {
  const log = store();
  log.push('stdout', 'Working');
  expect(texts(log)).toEqual(['stdout: Working']);
});

test('what two streams write at once does not mix within a line', () => {
  const log = store();
  log.push('stdout', 'one ');
  log.push('stderr', 'warning\n');
  log.push('stdout', 'line\n');
  expect(texts(log)).toEqual(['stdout: one line', 'stderr: warning']);
});

test('empty lines are kept', () => {
  const log = store();
  log.push('stdout', 'a\n\nb\n');
  expect(texts(log)).toEqual(['stdout: a', 'stdout: ', 'stdout: b']);
});

test('a hundred appends before a frame tell the listeners once', () => {
  const frames: (() => void)[] = [];
  const log = new LogStore((work) => frames.push(work));
  let told = 0;
  log.subscribe(() => told++);
  for (let i = 0; i < 100; i++) log.push('stdout', `${i}\n`);
  for (const frame of frames) frame();
  expect(told).toBe(1);
});
