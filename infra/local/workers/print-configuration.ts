import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from 'wrangler';

/**
 * Prints what wrangler makes of `wrangler.toml`, for the router and each cell, as JSON. A process of its own: wrangler
 * takes half a second to load, and a start whose sources have not changed needs none of it.
 *
 *   node print-configuration.ts <wrangler.toml> <environment>...      '' is the top level
 */
const [path = '', ...environments] = process.argv.slice(2);

const configurations = environments.map((environment) => {
  const { name, main } = unstable_readConfig({ config: path, env: environment }, { hideWarnings: true });
  return { environment, name, main, options: unstable_getMiniflareWorkerOptions(path, environment).workerOptions };
});
process.stdout.write(JSON.stringify(configurations));
