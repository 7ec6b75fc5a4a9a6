import { z } from 'zod';

/** A list of at most `most`, in which nothing stands twice. `keyOf` says what makes two the same. */
export function unique<T extends z.ZodType>(
  item: T,
  most: number,
  keyOf: (value: z.output<T>) => unknown = (value) => value,
): z.ZodArray<T> {
  return z
    .array(item)
    .max(most)
    .superRefine((values, ctx) => {
      const keys = values.map(keyOf);
      for (const [index, key] of keys.entries()) {
        if (keys.indexOf(key) === index) continue;
        ctx.addIssue({ code: 'custom', path: [index], message: `${String(key)} is named twice; expected once` });
      }
    });
}
