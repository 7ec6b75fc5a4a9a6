import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { acceptOne, CONTROL_SOCKET } from './control-socket.ts';

test('a sandbox that is given up after its process 1 has connected keeps no connection open', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'soma-control-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, CONTROL_SOCKET);
  const connected = acceptOne(path);
  const process1 = connect(path);
  const channel = await connected.channel;
  connected.cancel();
  expect(channel.destroyed).toBe(true);
  await once(process1.resume(), 'close');
});
