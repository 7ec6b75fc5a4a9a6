import { join, resolve } from 'node:path';

import { Script } from './demo/script.ts';
import { tellStory, type Told } from './demo/story.ts';
import { setPublisherVerified } from './operator.ts';
import { type Platform, startPlatform } from './platform.ts';
import { developmentPorts } from './ports.ts';
import { ProgressList } from './progress-list.ts';
import { findRunningPlatform } from './state.ts';

/**
 * `npm run demo`: the main job end to end on this machine, each step checked. Uses the platform that `npm run dev` runs, or starts
 * one: at a terminal it is left up afterwards, elsewhere stopped.
 */
const dataDirectory = resolve(process.env['SOMA_DATA_DIR'] ?? '.data');
const isAtTerminal = process.stdout.isTTY;

let own: Platform | undefined;
let isStopping = false;
let isTold = false;

async function leave(code: number): Promise<never> {
  // Asked twice: whoever waits has waited long enough. `process.on('exit')` kills what is left.
  if (isStopping) process.exit(code);
  isStopping = true;
  await own?.stop();
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void leave(isTold ? 0 : 130));

async function findOrStart(): Promise<string> {
  const running = await findRunningPlatform(dataDirectory);
  if (running) {
    console.log(`Using the platform that runs at ${running.publicUrl}.`);
    return running.publicUrl;
  }
  const list = new ProgressList(process.stdout);
  try {
    own = await startPlatform({
      dataDirectory,
      ports: developmentPorts(process.env),
      onProgress: (progress) => list.show(progress),
    });
  } finally {
    list.end();
  }
  return own.publicUrl;
}

function sayHowToLookFurther(origin: string, { customer }: Told): void {
  console.log(`
Look further
  ${origin}    as ${customer.person.email}, password ${customer.person.password}
  export SOMA_URL=${origin} SOMA_CONFIG_DIR=${customer.shell.configDirectory}
  npm run -s soma -- runs
  npm run -s soma -- usage
  npm run -s soma -- audit list`);
}

try {
  const script = new Script(process.stdout);
  const origin = await findOrStart();
  const told = await tellStory(script, {
    origin,
    directory: join(dataDirectory, 'demo'),
    verifyPublisher: (cell, handle) => setPublisherVerified({ dataDirectory, cell, handle, isVerified: true }),
  });
  isTold = true;
  console.log(`\n${script.steps} steps, each checked.`);
  if (isAtTerminal || !own) sayHowToLookFurther(origin, told);
  if (isAtTerminal && own) console.log('\nThe platform stays up; Ctrl-C stops it.');
  else await leave(0);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  await leave(1);
}
