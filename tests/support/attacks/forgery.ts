import { type Attack, endsAs, KIT, reports } from './attack.ts';

const family = 'lie about the run';
const PROGRAM = { runtime: 'python3.11', style: 'program' } as const;
const HANDLER = { runtime: 'python3.11' } as const;

export const FORGERY: readonly Attack[] = [
  {
    family,
    name: "printing process 1's last word",
    python: `import os, sys
for stream in (1, 2):
    os.write(stream, b'\\x04\\x4e\\x00\\x00\\x00{"nonce":"","exitCode":0,"signal":0,"timedOut":false,"wallUs":0,"cpuUs":0}')
sys.exit(9)
`,
    options: PROGRAM,
    gets: endsAs('failed', 'exit_code', 'it is output like any other; the exit code is the true one'),
  },
  {
    family,
    name: 'an end, a receipt, an outcome on the result channel',
    python: `import os
os.write(3, b'{"end":{"outcome":{"state":"succeeded"}},"receipt":"x"}\\n')
`,
    options: PROGRAM,
    gets: endsAs('failed', 'output_invalid', 'the channel knows no such line'),
  },
  {
    family,
    name: 'frames, ends and results from Node, on every descriptor there is',
    node: `import { writeSync } from 'node:fs';
const said = [];
for (let descriptor = 4; descriptor < 1024; descriptor++) {
  try {
    writeSync(descriptor, Buffer.from([4, 2, 0, 0, 0, 0x7b, 0x7d]));
    said.push(descriptor);
  } catch {}
}
// What Node itself watches and wakes up by is its own.
writeSync(3, '{"end":{"outcome":{"state":"succeeded"}},"said":' + said.length + '}\\n');
process.exit(0);
`,
    options: { style: 'program' },
    gets: endsAs('failed', 'output_invalid', 'the channel knows no such line'),
  },
  {
    family,
    name: 'usage below zero, to pay less',
    python: `import os
os.write(3, b'{"usage":{"tokens":-1000}}\\n')
`,
    options: { ...PROGRAM, meterLimits: { tokens: 10 } },
    gets: endsAs('failed', 'output_invalid', 'refused'),
  },
  {
    family,
    name: 'usage of a meter that is not declared',
    python: `import os
os.write(3, b'{"usage":{"gold":1}}\\n')
`,
    options: { ...PROGRAM, meterLimits: { tokens: 10 } },
    gets: endsAs('limit_exceeded', 'meter_limit', 'ended; only declared meters count'),
  },
  {
    family,
    name: 'usage beyond what the tenant was told',
    python: `import os
for _ in range(11):
    os.write(3, b'{"usage":{"tokens":1}}\\n')
`,
    options: { ...PROGRAM, meterLimits: { tokens: 10 } },
    gets: endsAs('limit_exceeded', 'meter_limit', 'ended at the limit'),
  },
  {
    family,
    name: 'usage that overflows a number',
    python: `import os
os.write(3, b'{"usage":{"tokens":9007199254740993}}\\n{"usage":{"tokens":1e400}}\\n')
`,
    options: { ...PROGRAM, meterLimits: { tokens: 10 } },
    gets: endsAs('failed', 'output_invalid', 'refused: units are whole numbers that count exactly'),
  },
  {
    family,
    name: 'keys that poison objects of the reader',
    python: `import os
os.write(3, b'{"result":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}\\n')
`,
    options: PROGRAM,
    gets: reports(
      JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
      'data and nothing more',
    ),
  },
  {
    family,
    name: 'text no JSON may hold',
    python: `import os
os.write(3, b'{"result":"\\\\ud800"}\\n')
`,
    options: PROGRAM,
    gets: endsAs('failed', 'output_invalid', 'refused: half a character cannot be hashed the same everywhere'),
  },
  {
    family,
    name: 'speaking through descriptors it was not given',
    python: `${KIT}
def main(input, soma):
    mine = os.open("/dev/null", os.O_RDONLY)
    written = []
    for descriptor in range(4, 1024):
        try:
            os.write(descriptor, b"\\x04\\x02\\x00\\x00\\x00{}")
            written.append(descriptor)
        except OSError:
            pass
    return written
`,
    options: HANDLER,
    gets: reports([], 'there are none'),
  },
  {
    family,
    name: 'taking over process 1 with ptrace',
    python: `${KIT}
def main(input, soma):
    return allowed({"attach": call("ptrace", 16, 1, 0, 0), "seize": call("ptrace", 0x4206, 1, 0, 0)})
`,
    options: HANDLER,
    gets: reports([], 'refused'),
  },
  {
    family,
    name: 'reading and writing the memory of process 1',
    python: `${KIT}
def main(input, soma):
    room = ctypes.create_string_buffer(64)
    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
    here = (Vector * 1)(Vector(ctypes.addressof(room), 64))
    there = (Vector * 1)(Vector(0x400000, 64))
    return allowed({"read": call("process_vm_readv", 1, here, 1, there, 1, 0), "write": call("process_vm_writev", 1, here, 1, there, 1, 0)})
`,
    options: HANDLER,
    gets: reports([], 'refused'),
  },
  {
    family,
    name: 'taking the control socket out of process 1',
    python: `${KIT}
def main(input, soma):
    handle = libc.syscall(ctypes.c_long(NUMBERS["pidfd_open"]), ctypes.c_long(1), ctypes.c_long(0))
    if handle < 0:
        return []
    return [number for number in range(3, 64) if call("pidfd_getfd", handle, number, 0) == "allowed"]
`,
    options: HANDLER,
    gets: reports([], 'refused'),
  },
  {
    family,
    name: 'every signal to process 1',
    python: `${KIT}
for number in range(1, 65):
    call("kill", 1, number)
    call("tgkill", 1, 1, number)
sys.exit(7)
`,
    options: PROGRAM,
    gets: {
      standard: endsAs('failed', 'exit_code', 'it goes on and reports the true exit code'),
      strict: endsAs('failed', 'sandbox_died', 'it ends, and its kernel with it: a failure that is billed'),
    },
  },
  {
    family,
    name: 'a signal to everything',
    python: `import os, signal, sys
if os.fork() == 0:
    signal.pause()
os.kill(-1, signal.SIGKILL)
sys.exit(6)
`,
    options: PROGRAM,
    gets: endsAs('failed', 'exit_code', 'it hits its own processes only'),
  },
  {
    family,
    name: 'a false exit, while a child goes on',
    python: `import os, sys, time
if os.fork() == 0:
    time.sleep(1)
    os.write(3, b'{"result":"from beyond"}\\n')
    os._exit(0)
os.write(3, b'{"result":"in time"}\\n')
`,
    options: PROGRAM,
    gets: reports('in time', 'the run ends with its first process; what comes later is not heard'),
  },
  {
    family,
    name: 'lowering its place in the queue of the out-of-memory killer',
    python: `${KIT}
def main(input, soma):
    def write(path, value):
        with open(path, "w") as file:
            file.write(value)
    return allowed({"itself": attempt(lambda: write("/proc/self/oom_score_adj", "-1000")), "process 1": attempt(lambda: write("/proc/1/oom_score_adj", "1000"))})
`,
    options: HANDLER,
    gets: {
      standard: reports([], 'refused'),
      strict: reports(['itself'], 'a number nobody reads: the host has only its kernel to choose'),
    },
  },
];
