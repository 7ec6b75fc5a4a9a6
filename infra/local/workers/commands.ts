import { type V4WorkerOptions, V4WorkerOptionsSchema } from 'miniflare';
import { z } from 'zod';

/** What one Worker is started with. */
const WorkerStart = z.object({
  /** Of the part; each line the Worker logs begins with it. */
  name: z.string(),
  port: z.int(),
  persistTo: z.string(),
  temporary: z.string(),
  worker: z.custom<V4WorkerOptions>((value) => V4WorkerOptionsSchema.safeParse(value).success),
});
export type WorkerStart = z.infer<typeof WorkerStart>;

/** To the process that holds Workers, over its IPC channel: they hold secrets, which stand in no argument list. */
export const HostCommand = z.discriminatedUnion('kind', [
  /** The first in each life. */
  z.object({ kind: z.literal('begin'), workers: z.array(WorkerStart) }),
  z.object({ kind: z.literal('start'), start: WorkerStart }),
  z.object({ kind: z.literal('stop'), name: z.string() }),
]);
export type HostCommand = z.infer<typeof HostCommand>;
