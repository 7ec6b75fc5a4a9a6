import { z } from 'zod';

const Target = z.looseObject({ name: z.string(), entrypoint: z.string().optional() });

/** Miniflare's options for one Worker as wrangler derives them; what is not named here passes through unread. */
const DerivedOptions = z.looseObject({
  bindings: z.record(z.string(), z.json()),
  serviceBindings: z.record(z.string(), Target),
  mtlsCertificates: z.record(z.string(), z.looseObject({})),
  cronTriggers: z.array(z.literal('* * * * *', 'locally only the cron `* * * * *` is fired')).default([]),
  assets: z.looseObject({ directory: z.string() }).optional(),
});

export const WorkerConfiguration = z.object({
  /** Of `wrangler.toml`; empty for the top level. */
  environment: z.string(),
  name: z.string(),
  main: z.string(),
  /** Names of the secrets without which wrangler refuses to deploy it. */
  secrets: z.array(z.string()),
  options: DerivedOptions,
});
export type WorkerConfiguration = z.infer<typeof WorkerConfiguration>;

/** What `print-configuration.ts` writes. */
export const WorkerConfigurations = z.array(WorkerConfiguration);
