import type { IsolationClass } from '#contracts/isolation';
import type { JsonValue } from '#contracts/json';
import type { TerminalState } from '#contracts/run';
import type { Architecture } from '#runner/isolation/seccomp-profile';

import type { RunOptions } from '../some-run.ts';
import { NUMBERS_BY_MACHINE } from './system-calls.ts';

export const FAMILIES = [
  'exhaust the machine',
  'look at the host and at neighbours',
  'lie about the run',
  'outlive the run',
  'reach a network',
  'abuse the kernel',
] as const;
export type Family = (typeof FAMILIES)[number];

/** What an attack gets for its trouble. `means` is the sentence of docs/sandbox.md. */
export interface Verdict {
  readonly state: TerminalState;
  readonly cause: string;
  readonly means: string;
  /** What the capsule itself reports; absent where it does not live to tell. */
  readonly output?: JsonValue;
}

/** Hostile code and what must come of it. */
export type Attack = HostileCode & {
  readonly family: Family;
  readonly name: string;
  readonly options?: RunOptions;
  /** The one architecture whose processors know it. */
  readonly only?: Architecture;
  readonly gets: Verdict | Readonly<Record<IsolationClass, Verdict>>;
};

/** Source of `main.py` or `main.mjs`. */
type HostileCode = { readonly python: string } | { readonly node: string };

export function verdictOf({ gets }: Attack, isolation: IsolationClass): Verdict {
  return 'means' in gets ? gets : gets[isolation];
}

/** The capsule ran to its end, and this is all that it could report. */
export function reports(output: JsonValue, means: string): Verdict {
  return { state: 'succeeded', cause: 'completed', means, output };
}

export function endsAs(state: TerminalState, cause: string, means: string): Verdict {
  return { state, cause, means };
}

/** The capsule's files, its process renamed before anything else, so that one that is left behind is found. */
export function filesOf(attack: Attack, processName: string): Record<string, string> {
  if ('node' in attack) return { 'main.mjs': `process.title = '${processName}';\n${attack.node}` };
  const rename = `__import__("ctypes").CDLL(None).prctl(15, b"${processName}", 0, 0, 0)`;
  return { 'main.py': `${rename}\n${attack.python}` };
}

/** System calls by name, and opening files; each tells the name of the error it met, or `allowed`. */
export const KIT = `import ctypes, errno, os, socket, sys
NUMBERS = ${JSON.stringify(NUMBERS_BY_MACHINE)}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(name, *arguments):
    number = name if isinstance(name, int) else NUMBERS.get(name)
    if number is None:
        return "ENOSYS"
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[argument if isinstance(argument, (bytes, ctypes._Pointer, ctypes.Array)) or argument is None else ctypes.c_long(argument) for argument in arguments])
    return "allowed" if result >= 0 else errno.errorcode[ctypes.get_errno()]
def attempt(action):
    try:
        action()
        return "allowed"
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)
def can_open(path, flags=os.O_RDONLY):
    try:
        os.close(os.open(path, flags))
        return True
    except OSError:
        return False
def allowed(attempts):
    return [name for name, got in attempts.items() if got == "allowed"]
`;
