import { RuleTester } from 'oxlint/plugins-dev';
import { describe, it } from 'vitest';

// @ts-expect-error the plugin is plain JavaScript, as the linter loads it
import plugin from './soma.js';

RuleTester.describe = describe;
RuleTester.it = it;

const CWD = process.cwd();
const at = (filename: string, code: string) => ({ filename: `${CWD}/${filename}`, code });

new RuleTester({ cwd: CWD }).run('layers', plugin.rules.layers, {
  valid: [
    at('contracts/run.ts', "import { Json } from './json.ts';"),
    at('db/postgres/schema/runs.ts', "import type { Run } from '#contracts/run';"),
    at('durable-objects/usage-meter/flush.ts', "import { insert } from '#db/clickhouse/ledger';"),
    at('edge/cell/services/runs/start.ts', "import { runs } from '#db/postgres/schema/runs';"),
    at('edge/cell/services/runs/start.ts', "import { callPeer } from '../../clients/peer.ts';"),
    at('edge/cell/routes/runs.ts', "import { start } from '../services/runs/start.ts';"),
    at('edge/cell/services/runs/start.test.ts', "import { until } from '#support/until';"),
    at('infra/local/seed.ts', "import { app } from '#cell/app';"),
    at('runner-fleet/main.ts', "import manifest from '../package.json' with { type: 'json' };"),
    at('scripts/anything.ts', "import { app } from '#cell/app';"),
  ],
  invalid: [
    ['contracts/run.ts', '#db/postgres/connect', 'contracts may not know db/postgres/connect.ts.'],
    ['db/postgres/connect.ts', '#cell/context', 'db may not know edge/cell/context.ts.'],
    ['durable-objects/run/run.ts', '#db/postgres/connect', 'durable-objects may not know db/postgres/connect.ts.'],
    ['edge/router/index.ts', '#db/clickhouse/client', 'edge/router may not know db/clickhouse/client.ts.'],
    ['edge/cell/services/a/b.ts', '../../routes/runs.ts', 'edge/cell/services may not know edge/cell/routes/runs.ts.'],
    [
      'edge/cell/services/a/b.ts',
      '#durable-objects/run/run',
      'edge/cell/services may not know durable-objects/run/run.ts.',
    ],
    ['edge/cell/routes/runs.ts', '../clients/peer.ts', 'edge/cell/routes may not know edge/cell/clients/peer.ts.'],
    [
      'edge/cell/middleware/peer.ts',
      '../clients/peer.ts',
      'edge/cell/middleware may not know edge/cell/clients/peer.ts.',
    ],
    ['runner-fleet/runner.ts', '#local/platform', 'runner-fleet may not know infra/local/platform.ts.'],
    ['web/src/main.tsx', '#cli/http', 'web may not know cli/http.ts.'],
    ['cli/app.ts', '#cell/app', 'cli may not know edge/cell/app.ts.'],
    ['capsules/build.ts', '#cell/app', 'capsules may not know edge/cell/app.ts.'],
    ['infra/scripts/deploy.ts', '#cell/app', 'infra/scripts may not know edge/cell/app.ts.'],
    [
      'contracts/run.ts',
      '../db/postgres/connect.ts',
      'Cross from one folder at the root to another by its alias (#contracts/…).',
    ],
    [
      'edge/cell/routes/runs.ts',
      'drizzle-orm',
      'edge/cell/routes reaches stores and vendors through a verb, not through drizzle-orm.',
    ],
  ].map(([filename = '', target = '', message = '']) => ({
    ...at(filename, `export { it } from '${target}';`),
    errors: [{ message }],
  })),
});
