import { z } from 'zod';

/** Parses what came over RPC. The caller sees what was wrong: of a ZodError nothing but its name would cross. */
export function parseCall<T extends z.ZodType>(schema: T, call: z.input<T>): z.output<T> {
  const result = schema.safeParse(call);
  if (!result.success) throw new TypeError(z.prettifyError(result.error));
  return result.data;
}
