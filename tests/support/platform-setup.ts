import type { TestProject } from 'vitest/node';

import type { PartName } from '#local/platform';

import { startTestPlatform } from './platform.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Public origin of the platform all end-to-end tests share. */
    publicUrl: string;
    /** Origin of each cell's Worker, past the router. */
    cellUrls: Record<'us-west-2' | 'eu-west-1', string>;
    /** Processes of the European region. */
    pids: { readonly runner: number; readonly cell: number };
  }
}

/** One platform for all files of the end-to-end project; each test makes tenants of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const platform = await startTestPlatform();
  project.provide('publicUrl', platform.publicUrl);
  project.provide('cellUrls', {
    'us-west-2': platform.cells['us-west-2'].url,
    'eu-west-1': platform.cells['eu-west-1'].url,
  });
  const pidOf = (name: PartName) => {
    const pid = platform.pid(name);
    if (pid === undefined) throw new Error(`${name} has no process`);
    return pid;
  };
  const cell = pidOf('worker:eu-west-1');
  project.provide('pids', { runner: pidOf('runner:eu-west-1'), cell });
  return () => platform.dispose();
}
