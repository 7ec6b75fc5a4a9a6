import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { queryObjects } from 'node:v8';

import { expect, onTestFinished, test } from 'vitest';

import { SPOOL_HEADER } from '#support/spool-header';

import { Spool } from '../runs/spool.ts';
import { follow } from './follow.ts';

const newSpool = (directory: string) => Spool.create(join(directory, 'run.ndjson'), SPOOL_HEADER);

/** A reader of the spool over a connection of its own. */
async function readerOf(spool: Spool, directory: string): Promise<IncomingMessage> {
  const socketPath = join(directory, 'door');
  const server = createServer((_, response) => {
    response.flushHeaders();
    void follow(spool, 0, response);
  });
  onTestFinished(() => server.closeAllConnections());
  server.listen(socketPath);
  await once(server, 'listening');
  server.unref();
  const [response] = await once(get({ socketPath }), 'response');
  return response;
}

test('a reader that stays takes no more memory for every frame that comes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'soma-follow-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const spool = newSpool(directory);
  const reader = await readerOf(spool, directory);
  const hear = async (frames: number) => {
    for (let heard = 0; heard < frames; heard += 1) {
      spool.append({ kind: 'stdout', text: '.', encoding: 'utf8' }, 1);
      await once(reader, 'data');
    }
    return queryObjects(Promise, { format: 'count' });
  };
  const early = await hear(100);
  expect((await hear(1_000)) - early).toBeLessThan(100);
});
