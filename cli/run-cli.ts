import { proposeCompletions, run } from '@stricli/core';

import { app } from './app.ts';
import type { Host } from './context.ts';
import { EXIT_OK, EXIT_USAGE } from './failure.ts';

/** Runs one command line. Returns its exit code: 0 done, 1 refused or failed, 2 the command line makes no sense. */
export async function runCli(args: readonly string[], host: Host): Promise<number> {
  const [first, ...rest] = args;
  if (first === '__complete') {
    const found = await proposeCompletions(app, rest, { process: host });
    host.stdout.write(found.map(({ completion }) => `${completion}\n`).join(''));
    return EXIT_OK;
  }
  await run(app, first === undefined ? ['--help'] : args, { process: host });
  // The library numbers mistakes on the command line below zero.
  const code = Number(host.exitCode ?? EXIT_OK);
  return code < 0 ? EXIT_USAGE : code;
}
