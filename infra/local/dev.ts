import { parseArgs } from 'node:util';

import { type PartName, type Platform, startPlatform } from './platform.ts';
import { DEVELOPMENT_PORTS } from './ports.ts';
import { ProgressList } from './progress-list.ts';

/** `npm run dev`: the whole platform on this machine, until Ctrl-C. */
const { values: flags } = parseArgs({
  options: {
    fresh: { type: 'boolean', default: false },
    'no-runners': { type: 'boolean', default: false },
  },
});

const list = new ProgressList(process.stdout);
let platform: Platform | undefined;
let isStopping = false;

async function stop(code: number): Promise<void> {
  // Asked twice: whoever waits has waited long enough. `process.on('exit')` kills what is left.
  if (isStopping) process.exit(code);
  isStopping = true;
  console.log('\nstopping …');
  await platform?.stop();
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));

try {
  platform = await startPlatform({
    dataDirectory: process.env['SOMA_DATA_DIR'] ?? '.data',
    ports: DEVELOPMENT_PORTS,
    withRunners: !flags['no-runners'],
    isFresh: flags.fresh,
    onProgress: (progress) => list.show(progress),
    onRestart: (part: PartName) => console.log(`${part} had ended and was started again`),
  });
  list.end();
  console.log(`\n  Soma          ${platform.publicUrl}`);
  for (const [cell, { url }] of Object.entries(platform.cells)) console.log(`  ${cell.padEnd(13)} ${url}`);
} catch (error) {
  list.end();
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
