import type { ChildProcess } from 'node:child_process';

import { z } from 'zod';

const Ready = z.object({ kind: z.literal('ready') });

/** Resolves when a child says over its IPC channel that it answers. */
export function readyMessage(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (Ready.safeParse(message).success) resolve();
    });
  });
}
