import { expect, test } from 'vitest';

import { type EventChunk, type EventSource, watch } from './watch.ts';

/** Has `chunks` chunks at hand, and counts what is taken of them. */
class Source implements EventSource {
  reads = 0;
  watchers = 0;
  private readonly chunks: number;

  constructor(chunks: number) {
    this.chunks = chunks;
  }

  read(seq: number): EventChunk | undefined {
    if (seq >= this.chunks) return undefined;
    this.reads += 1;
    return { bytes: new TextEncoder().encode(`id: ${seq + 1}\n\n`), lastSeq: seq + 1, isEnd: seq + 1 === this.chunks };
  }

  next(): Promise<never> {
    return new Promise(() => undefined);
  }

  join(): () => void {
    this.watchers += 1;
    return () => {
      this.watchers -= 1;
    };
  }
}

test('nothing is read ahead of a client, however much there is', async () => {
  const source = new Source(1_000);
  const reader = watch(source, 0).getReader();
  await reader.read();
  for (let chunk = 1; chunk <= 20; chunk += 1) {
    expect(source.reads).toBe(chunk - 1);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(`id: ${chunk}\n\n`);
  }
});

test('a watcher is there until the end, or until it leaves', async () => {
  const source = new Source(2);
  const stays = watch(source, 0);
  const leaves = watch(source, 0);
  expect(source.watchers).toBe(2);
  await leaves.cancel();
  expect(source.watchers).toBe(1);
  expect(await new Response(stays).text()).toBe('retry: 500\n\nid: 1\n\nid: 2\n\n');
  expect(source.watchers).toBe(0);
});
