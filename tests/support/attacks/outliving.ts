import { type Attack, endsAs, KIT, reports } from './attack.ts';

const family = 'outlive the run';
const PROGRAM = { runtime: 'python3.11', style: 'program' } as const;
const HANDLER = { runtime: 'python3.11' } as const;
const SHORT = { ...PROGRAM, resources: { timeoutMs: 1_500 } };
/** Enough for an attack that doubles to arrive at what bounds it, also on a machine that is busy. */
const LONG = { ...PROGRAM, resources: { timeoutMs: 6_000 } };

/** After each of these nothing of it runs any more: the suite looks. */
export const OUTLIVING: readonly Attack[] = [
  {
    family,
    name: 'a daemon: forked twice, with a session of its own',
    python: `import os, time
def main(input, soma):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for descriptor in range(6):
                try:
                    os.close(descriptor)
                except OSError:
                    pass
            time.sleep(600)
        os._exit(0)
    return "gone"
`,
    options: HANDLER,
    gets: reports('gone', 'dead with the run'),
  },
  {
    family,
    name: 'a process that ignores every signal it can',
    python: `import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    signal.pause()
`,
    options: SHORT,
    gets: endsAs('timed_out', 'wall_limit', 'killed at its time limit'),
  },
  {
    family,
    name: 'children that fork again as they die',
    python: `import os, signal, time
first = os.getpid()
def again(*_):
    try:
        if os.getpid() != first:
            os.fork()
    except OSError:
        pass
signal.signal(signal.SIGTERM, again)
os.fork()
while True:
    os.kill(0, signal.SIGTERM)
    time.sleep(0.1)
`,
    options: LONG,
    gets: {
      standard: endsAs('timed_out', 'wall_limit', 'killed in rounds until nothing is left'),
      strict: endsAs(
        'out_of_memory',
        'oom_kill',
        'its kernel in user space runs out of memory, and everything in it ends',
      ),
    },
  },
  {
    family,
    name: 'a process that stops itself',
    python: `import os, signal
os.kill(os.getpid(), signal.SIGSTOP)
`,
    options: SHORT,
    gets: endsAs('timed_out', 'wall_limit', 'the limit is of time on the wall, not at work'),
  },
  {
    family,
    name: 'adopting the orphans of others',
    python: `import ctypes, os, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
time.sleep(0.2)
os.write(3, b'{"result":"gone"}\\n')
`,
    options: PROGRAM,
    gets: reports('gone', 'dead with the run'),
  },
  {
    family,
    name: 'a thread that goes on after the main thread',
    python: `${KIT}
import threading, time
def on():
    while True:
        time.sleep(0.1)
threading.Thread(target=on).start()
call("exit", 0)
`,
    options: SHORT,
    gets: endsAs('timed_out', 'wall_limit', 'a process ends with its last thread; this one at the time limit'),
  },
  {
    family,
    name: 'holding the output open after the end',
    python: `import os, time
if os.fork() == 0:
    time.sleep(600)
os.write(3, b'{"result":"gone"}\\n')
`,
    options: PROGRAM,
    gets: reports('gone', 'nobody waits for it'),
  },
  {
    family,
    name: 'a detached process of Node, and work that is never done',
    node: `import { spawn } from 'node:child_process';
export default () => {
  const forever = 'for (const name of ["SIGTERM", "SIGHUP", "SIGINT"]) process.on(name, () => {}); setInterval(() => {}, 1000)';
  const { pid } = spawn(process.execPath, ['-e', forever], { detached: true, stdio: 'ignore' });
  setInterval(() => {}, 1000);
  process.on('exit', () => setInterval(() => {}, 1000));
  return pid > 0 ? 'gone' : 'nothing was started';
};
`,
    options: { resources: { memoryBytes: 192 * 2 ** 20 } },
    gets: reports('gone', 'dead with the run'),
  },
  {
    family,
    name: 'waking up later by a timer',
    python: `import signal, time
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
while True:
    time.sleep(1)
`,
    options: SHORT,
    gets: endsAs('timed_out', 'wall_limit', 'killed at its time limit'),
  },
];
