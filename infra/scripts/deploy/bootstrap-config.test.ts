import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { unstable_readConfig } from 'wrangler';

import { bootstrapConfig } from './bootstrap-config.ts';

const root = join(import.meta.dirname, '../../..');
const path = join(root, '.wrangler-bootstrap-test.toml');

beforeAll(async () => {
  await writeFile(path, bootstrapConfig(await readFile(join(root, 'wrangler.toml'), 'utf8')));
});
afterAll(() => rm(path, { force: true }));

test.each(['', 'us-west-2', 'eu-west-1'])(
  'a bootstrap of "%s" lacks what cannot be there yet, and nothing else',
  (env) => {
    const bootstrap = unstable_readConfig({ config: path, env }, { hideWarnings: true });
    const real = unstable_readConfig({ config: join(root, 'wrangler.toml'), env }, { hideWarnings: true });
    expect(real.services?.length).toBeGreaterThan(0);
    expect(real.secrets?.required?.length).toBeGreaterThan(0);
    const left = { configPath: '', userConfigPath: '', services: [], secrets: undefined };
    expect({ ...bootstrap, configPath: '', userConfigPath: '' }).toEqual({ ...real, ...left });
  },
);
