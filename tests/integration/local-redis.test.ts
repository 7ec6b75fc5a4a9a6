import { Redis } from '@upstash/redis';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type RedisStore, startRedis } from '#support/stores';

let store: RedisStore;
let redis: Redis;
beforeAll(async () => {
  store = await startRedis();
  redis = new Redis({ url: store.url, token: store.token });
});
afterAll(() => store.close());

test('values come back as they were put, of any type', async () => {
  await redis.set('text', 'ö\n"quoted"');
  await redis.set('object', { a: [1, null, 'x'] }, { ex: 100 });
  expect(await redis.mget('text', 'object', 'missing')).toEqual(['ö\n"quoted"', { a: [1, null, 'x'] }, null]);
  await redis.hset('hash', { one: 1, two: 'zwei' });
  expect(await redis.hgetall('hash')).toEqual({ one: 1, two: 'zwei' });
});

test('a pipeline answers each command on its own', async () => {
  const pipeline = redis.pipeline();
  pipeline.set('counter', 1);
  pipeline.incrby('counter', 41);
  expect(await pipeline.exec()).toEqual(['OK', 42]);
});

test('a transaction runs all its commands', async () => {
  const multi = redis.multi();
  multi.set('a', 'OK');
  multi.get('a');
  expect(await multi.exec()).toEqual(['OK', 'OK']);
});

test('scripts run with keys and arguments', async () => {
  const script = "redis.call('incrby', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])";
  expect(await redis.eval(script, ['script'], ['3'])).toBe(3);
});

test('a subscriber hears what is published', async () => {
  const subscriber = redis.subscribe<{ hello: string }>('news');
  const message = new Promise((resolve) => subscriber.on('message', (event) => resolve(event.message)));
  await new Promise((resolve) => subscriber.on('subscribe', resolve));
  await redis.publish('news', { hello: 'world' });
  expect(await message).toEqual({ hello: 'world' });
  await subscriber.unsubscribe();
});

test('a wrong command and a wrong token are refused with a reason', async () => {
  await expect(redis.eval('not lua', [], [])).rejects.toThrow(/Error compiling script/);
  await expect(new Redis({ url: store.url, token: 'wrong' }).get('text')).rejects.toThrow(/WRONGPASS/);
});

test('what was written is there after Redis was stopped and started', async () => {
  await redis.set('kept', 'yes');
  await store.process.stop();
  await expect(new Redis({ url: store.url, token: store.token, retry: false }).get('kept')).rejects.toThrow(
    /closed|ECONNREFUSED|max retries/,
  );
  await store.process.start();
  await expect.poll(() => redis.get('kept').catch(() => 'down'), { timeout: 10_000 }).toBe('yes');
});
