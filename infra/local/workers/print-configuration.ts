import { writeFile } from 'node:fs/promises';

import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from 'wrangler';

/**
 * Writes what wrangler makes of `wrangler.toml`, for the router and each cell, as JSON. A process of its own: wrangler
 * takes half a second to load, and a start whose sources have not changed needs none of it.
 *
 *   node print-configuration.ts <wrangler.toml> <output file> <environment>...      '' is the top level
 */
const [path = '', output = '', ...environments] = process.argv.slice(2);

const configurations = environments.map((environment) => {
  const { name, main, secrets } = unstable_readConfig({ config: path, env: environment }, { hideWarnings: true });
  const { workerOptions } = unstable_getMiniflareWorkerOptions(path, environment);
  return { environment, name, main, secrets: secrets?.required ?? [], options: workerOptions };
});
await writeFile(output, JSON.stringify(configurations));
