import { z } from 'zod';

/** What the process that holds Workers says of each; `ready`, of itself. */
export const HostEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  /** Also each time its workerd had ended and is there again. */
  z.object({ kind: z.literal('started'), name: z.string(), pid: z.int() }),
  z.object({ kind: z.literal('failed'), name: z.string(), reason: z.string() }),
  z.object({ kind: z.literal('stopped'), name: z.string() }),
]);
export type HostEvent = z.infer<typeof HostEvent>;
