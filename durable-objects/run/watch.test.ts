import { afterEach, expect, test, vi } from 'vitest';

import { Bell, type EventChunk, type EventSource, type Position, watch } from './watch.ts';

/** Has `chunks` chunks at hand, and counts what is taken of them. */
class Source implements EventSource {
  reads = 0;
  watchers = 0;
  private readonly chunks: number;

  constructor(chunks: number) {
    this.chunks = chunks;
  }

  read({ seq }: Position): EventChunk | undefined {
    if (seq > this.chunks) return undefined;
    this.reads += 1;
    return { bytes: new TextEncoder().encode(`id: ${seq}\n\n`), next: { seq: seq + 1, offset: 0 } };
  }

  isOver({ seq }: Position): boolean {
    return seq > this.chunks;
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

afterEach(() => {
  vi.useRealTimers();
});

test('nothing is read ahead of a client, however much there is', async () => {
  const source = new Source(1_000);
  const reader = watch(source, 0).getReader();
  await reader.read();
  for (let chunk = 1; chunk <= 20; chunk += 1) {
    expect(source.reads).toBe(chunk - 1);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(`id: ${chunk}\n\n`);
  }
});

test('a watcher whose frames cannot be read is there no more', async () => {
  const source = new Source(2);
  source.read = () => {
    throw new Error('it expired while it was sent');
  };
  await expect(new Response(watch(source, 0)).text()).rejects.toThrow('it expired');
  expect(source.watchers).toBe(0);
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

test('a watcher that asks for what comes after the end is let go', async () => {
  const source = new Source(2);
  expect(await new Response(watch(source, 7)).text()).toBe('retry: 500\n\n');
  expect(source.watchers).toBe(0);
});

test('a run that says nothing is heard of in every interval, by all who watch, and by a timer that ends with the last of them', async () => {
  vi.useFakeTimers();
  const bell = new Bell(15_000);
  const silent = { read: () => undefined, isOver: () => false, next: () => bell.next(), join: () => bell.join() };
  const readers = [watch(silent, 0).getReader(), watch(silent, 3).getReader()];
  const heard = () => Promise.all(readers.map(async (reader) => new TextDecoder().decode((await reader.read()).value)));
  expect(await heard()).toEqual(['retry: 500\n\n', 'retry: 500\n\n']);

  for (let interval = 1; interval <= 2; interval += 1) {
    const next = heard();
    const tooEarly = vi.fn<() => void>();
    void next.then(tooEarly);
    await vi.advanceTimersByTimeAsync(14_999);
    expect(tooEarly).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await next).toEqual([': heartbeat\n\n', ': heartbeat\n\n']);
  }
  expect(vi.getTimerCount()).toBe(1);
  await Promise.all(readers.map((reader) => reader.cancel()));
  expect(vi.getTimerCount()).toBe(0);
});

test('news is no heartbeat, and wakes everybody at once', async () => {
  const bell = new Bell(15_000);
  const waiting = [bell.next(), bell.next()];
  bell.ring();
  expect(await Promise.all(waiting)).toEqual(['changed', 'changed']);
});
