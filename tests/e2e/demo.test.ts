import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, inject, test } from 'vitest';

import { Script } from '#local/demo/script';
import { tellStory } from '#local/demo/story';
import { verifyPublisher } from '#support/operator';

test('the main job, end to end, as npm run demo tells it', { timeout: 120_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'soma-story-'));
  const lines: string[] = [];
  try {
    const origin = inject('publicUrl');
    const { runs } = await tellStory(new Script({ write: (text) => lines.push(text) }), {
      origin,
      directory,
      verifyPublisher: (cell, handle) => verifyPublisher(origin, cell, handle),
    });
    expect(runs.map((run) => run.state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(lines.filter((line) => line.includes('✗ '))).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
