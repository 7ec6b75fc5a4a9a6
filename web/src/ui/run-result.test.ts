import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';

import type { Outcome } from '#contracts/run';
import { queuedRun } from '#support/queued-run';

import { RunResult } from './run-result.tsx';

const NO_ROOM: Outcome = { state: 'refused', cause: 'no_capacity', detail: 'no free place', exitCode: null };

/** What the page says at the end of the stream, while the recorded run does not know of it yet. */
function shown(outcome: Outcome): string {
  const props = { view: { outcome, usage: undefined, output: undefined }, run: queuedRun(), children: undefined };
  return renderToStaticMarkup(createElement(RunResult, props)).replaceAll(/<[^>]*>/g, ' ');
}

test('a run that found no room says when to try again, as soon as its stream has said so', () => {
  expect(shown({ ...NO_ROOM, retryAfterS: 7 })).toContain('Try again in 7 seconds.');
  expect(shown({ ...NO_ROOM, retryAfterS: 1 })).toContain('Try again in 1 second.');
});

test('where nobody knows when there will be room, the page names no time', () => {
  expect(shown(NO_ROOM)).not.toContain('Try again');
});
