import { app } from './app.ts';
import { onQueue, onSchedule } from './background.ts';
import type { CellEnv } from './env.ts';

export { AuditLog, Fleet, Run, UsageMeter } from '#durable-objects/index';
export { CellInternal } from './internal.ts';

export default {
  fetch: (request, env, execution) => app.fetch(request, env, execution),
  queue: onQueue,
  scheduled: (_controller, env, execution) => onSchedule(env, execution),
} satisfies ExportedHandler<CellEnv>;
