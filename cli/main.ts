import type { Host } from './context.ts';
import { EXIT_FAILED, EXIT_OK } from './failure.ts';
import { runCli } from './run-cli.ts';

const { stdin, stdout, stderr, env } = process;

// A reader that has seen enough, such as `head`, is no failure.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT_OK : EXIT_FAILED));
// What is told beside the result is for who reads it: a run goes on to its end, and gives its result, without one.
stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.exit(EXIT_FAILED);
});

const host: Host = {
  stdin,
  stdout: { write: (text) => stdout.write(text), isTTY: stdout.isTTY },
  stderr: { write: (text) => stderr.write(text), isTTY: stderr.isTTY },
  env,
  exitCode: null,
  onceInterrupted: (listener) => process.once('SIGINT', listener),
};

process.exitCode = await runCli(process.argv.slice(2), host);
