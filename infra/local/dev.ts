import { parseArgs } from 'node:util';

import { type Platform, startPlatform } from './platform.ts';
import { developmentPorts } from './ports.ts';
import { ProgressList } from './progress-list.ts';
import { Steps } from './progress.ts';
import { seed } from './seed.ts';
import { welcome } from './welcome.ts';

/** `npm run dev`: the whole platform on this machine, until Ctrl-C. */
const { values: flags } = parseArgs({
  options: {
    fresh: { type: 'boolean', default: false },
    'no-runners': { type: 'boolean', default: false },
  },
});

const dataDirectory = process.env['SOMA_DATA_DIR'] ?? '.data';
const list = new ProgressList(process.stdout);
let platform: Platform | undefined;
let isStopping = false;

async function stop(): Promise<void> {
  // Asked twice: whoever waits has waited long enough. `process.on('exit')` kills what is left.
  if (isStopping) process.exit(1);
  isStopping = true;
  list.end();
  console.log('\nstopping …');
  await platform?.stop();
  process.exit(0);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());

try {
  platform = await startPlatform({
    dataDirectory,
    ports: developmentPorts(process.env),
    runnersPerCell: flags['no-runners'] ? 0 : 1,
    isFresh: flags.fresh,
    onProgress: (progress) => list.show(progress),
    onRestart: (part) => console.log(`${part} had ended and was started again`),
  });
  const { publicUrl } = platform;
  const steps = new Steps((progress) => list.show(progress));
  const accounts = await steps.run('demo accounts', () => seed(publicUrl, platform?.dataDirectory ?? dataDirectory));
  list.end();
  console.log(welcome(platform, accounts));
} catch (error) {
  list.end();
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  await platform?.stop();
  process.exit(1);
}
