import type { TestProject } from 'vitest/node';

import { startTestPlatform } from './platform.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Public origin of the platform all end-to-end tests share. */
    publicUrl: string;
    /** Origin of each cell's Worker, past the router. */
    cellUrls: Record<'us-west-2' | 'eu-west-1', string>;
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
  return () => platform.dispose();
}
