import { type Contender, timeCommand, type Timing } from './measure.ts';
import type { Language } from './runner-load.ts';

export const HELLO: Readonly<Record<Language, string>> = { node: 'console.log("hello")', python: 'print("hello")' };

/** What no sandbox can beat: the bare runtime, started by hand. */
export const FLOORS: Readonly<Record<Language, Contender>> = {
  node: { name: 'node -e', once: () => startOf(process.execPath, '-e', HELLO.node) },
  python: { name: 'python3 -c', once: () => startOf('/usr/bin/python3', '-c', HELLO.python) },
};

function startOf(program: string, flag: string, source: string): Promise<Timing> {
  return timeCommand(program, [flag, source]);
}
