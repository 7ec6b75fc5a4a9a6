import { z } from 'zod';

import { startClickHouseDoor } from './door.ts';
import { Engine } from './engine.ts';

/** What the supervisor sends first, over the IPC channel: a password stands in no argument list. */
export const ClickHouseStart = z.object({
  directory: z.string(),
  port: z.int(),
  credentials: z.object({ user: z.string(), password: z.string() }),
});
export type ClickHouseStart = z.infer<typeof ClickHouseStart>;

process.once('message', (message) => {
  const { directory, port, credentials } = ClickHouseStart.parse(message);
  const engine = new Engine(directory);
  const stop = () => {
    engine.close();
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  // The supervisor has gone: nobody would ever stop this process.
  process.once('disconnect', stop);
  void startClickHouseDoor({ port, engine, credentials }).then(() => process.send?.({ kind: 'ready' }));
});
