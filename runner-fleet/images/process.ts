import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a command to its end; an exit code other than 0 is an error that carries what it said. */
export async function run(command: string, args: readonly string[], options: { cwd?: string } = {}): Promise<void> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2_000);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args[0] ?? ''} failed (${String(code)}): ${complaint.trim()}`);
}
