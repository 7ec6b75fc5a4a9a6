#!/usr/bin/env node
// Runs the CLI straight from TypeScript, which needs Node 24. Under an older Node it starts itself again with the one
// that `npm ci` installs. Plain JavaScript of old: this file must parse everywhere.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  module.enableCompileCache();
  await import('./main.ts');
} else {
  const self = fileURLToPath(import.meta.url);
  const node = join(dirname(self), '../node_modules/.bin/node');
  if (!existsSync(node)) {
    console.error(`soma needs Node ${NEEDED}; this is ${process.version}, and ${node} is not there: run npm ci`);
    process.exit(1);
  }
  const child = spawn(node, [self, ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal signals the whole group; the child decides what that means, and this process ends with it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 128 + 15 : 1)));
}
