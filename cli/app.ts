import { buildApplication, buildCommand, buildRouteMap, text_en } from '@stricli/core';

import { login, logout, tenants, whoami } from './commands/account.ts';
import { artifacts } from './commands/artifacts.ts';
import { schedules, webhooks } from './commands/automation.ts';
import { datasets } from './commands/datasets.ts';
import { install, installations, uninstall } from './commands/installations.ts';
import { members } from './commands/members.ts';
import { init, keys, layers, pack, publish, versions } from './commands/publishing.ts';
import { secrets } from './commands/secrets.ts';
import { state } from './commands/state.ts';
import { apiKeys, audit, budget, cost, usage } from './commands/tenant.ts';
import { cancel, logs, receipt, rerun, run, runs, search, show, showRun } from './commands/using.ts';
import type { Context } from './context.ts';
import { describeFailure, exitCodeFor } from './failure.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

const completion = buildCommand<object, [(typeof SHELLS)[number]], Context>({
  docs: { brief: 'The completion script of a shell: eval "$(soma completion bash)"' },
  parameters: {
    positional: { kind: 'tuple', parameters: [{ parse: parseShell, placeholder: 'shell', brief: SHELLS.join(', ') }] },
  },
  loader: async () => (await import('./actions/completion.ts')).completion,
});

function parseShell(input: string): (typeof SHELLS)[number] {
  const shell = SHELLS.find((known) => known === input);
  if (!shell) throw new RangeError(`${input} is none of ${SHELLS.join(', ')}`);
  return shell;
}

const root = buildRouteMap<string, Context>({
  docs: { brief: 'Publish, install and run signed capsules' },
  routes: {
    login,
    logout,
    whoami,
    tenants,
    members,
    init,
    keys,
    pack,
    publish,
    layers,
    versions,
    search,
    show,
    install,
    uninstall,
    installations,
    secrets,
    cost,
    run,
    rerun,
    runs,
    showRun,
    logs,
    cancel,
    artifacts,
    datasets,
    state,
    receipt,
    schedules,
    webhooks,
    usage,
    budget,
    audit,
    apiKeys,
    completion,
  },
});

export const app = buildApplication<Context>(root, {
  name: 'soma',
  versionInfo: { currentVersion: '0.1.0' },
  scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
  documentation: { caseStyle: 'convert-camel-to-kebab' },
  localization: {
    text: {
      ...text_en,
      exceptionWhileRunningCommand: (error) => `soma: ${describeFailure(error)}`,
    },
  },
  determineExitCode: exitCodeFor,
});
