import { methodNotAllowed } from 'hono/method-not-allowed';

import { DomainError } from '#contracts/errors';
import { problemResponse } from '#contracts/problem';

import { limitAddress, readToEnd } from './middleware/limits.ts';
import { platform } from './middleware/platform.ts';
import { refuse } from './middleware/refusals.ts';
import { router } from './openapi.ts';
import { apiKeys } from './routes/api-keys.ts';
import { artifacts } from './routes/artifacts.ts';
import { audit } from './routes/audit.ts';
import { auth } from './routes/auth.ts';
import { capsuleState } from './routes/capsule-state.ts';
import { capsules } from './routes/capsules.ts';
import { datasets } from './routes/datasets.ts';
import { documentOf } from './routes/document.ts';
import { health } from './routes/health.ts';
import { installations } from './routes/installations.ts';
import { internal } from './routes/internal.ts';
import { layers } from './routes/layers.ts';
import { members } from './routes/members.ts';
import { operator } from './routes/operator.ts';
import { peer } from './routes/peer.ts';
import { publisherKeys } from './routes/publisher-keys.ts';
import { reference } from './routes/reference.ts';
import { runs } from './routes/runs.ts';
import { schedules } from './routes/schedules.ts';
import { schemas } from './routes/schemas.ts';
import { secrets } from './routes/secrets.ts';
import { tenants } from './routes/tenants.ts';
import { tokens } from './routes/tokens.ts';
import { usage } from './routes/usage.ts';
import { webhooks } from './routes/webhooks.ts';
import { wellKnown } from './routes/well-known.ts';

/**
 * The order is the point: every request gets an id and a cell first; a route then bounds the time, finds out who
 * calls (`route({ access })`), bounds the body, and only then parses. Whatever is thrown on the way, `refuse` answers.
 */
const base = router();
base.onError(refuse);
base.notFound((c) => problemResponse(new DomainError('not_found', 'no such path'), c.var.platform.requestId));
base.use(readToEnd);
base.use(platform);
base.use(limitAddress);
base.use(
  methodNotAllowed({
    app: base,
    onMethodNotAllowed: (c, allow) =>
      problemResponse(
        new DomainError('method_not_allowed', `this path takes ${allow.join(', ')}`, { allow }),
        c.get('platform').requestId,
      ),
  }),
);
base.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
base.openAPIRegistry.registerComponent('securitySchemes', 'mutualTls', { type: 'mutualTLS' });

const ROUTES = [
  auth,
  tenants,
  members,
  apiKeys,
  tokens,
  audit,
  publisherKeys,
  capsules,
  layers,
  installations,
  secrets,
  runs,
  artifacts,
  datasets,
  capsuleState,
  schedules,
  webhooks,
  usage,
  peer,
  internal,
  operator,
  schemas,
  wellKnown,
  health,
];
for (const routes of ROUTES) base.route('/', routes);

export const app = base.route('/', documentOf(base)).route('/', reference);
