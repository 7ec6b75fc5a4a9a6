import { type Attack, endsAs, KIT, reports } from './attack.ts';

const family = 'exhaust the machine';
const PROGRAM = { runtime: 'python3.11', style: 'program' } as const;
const HANDLER = { runtime: 'python3.11' } as const;
const MIB = 2 ** 20;

/** Bombs: what a run takes is bounded by its own limits, and its neighbours do not feel it. */
export const BOMBS: readonly Attack[] = [
  {
    family,
    name: 'fork bomb',
    python: `import os
while True:
    os.fork()
`,
    // So few that they fit into its memory, also where the kernel's own for each of them is counted (cgroup version 2).
    options: { ...PROGRAM, resources: { pids: 16 } },
    gets: {
      standard: endsAs('limit_exceeded', 'pids_limit', 'stopped at its limit of processes'),
      strict: endsAs(
        'out_of_memory',
        'oom_kill',
        'its kernel in user space runs out of memory, and everything in it ends',
      ),
    },
  },
  {
    family,
    name: 'thread bomb',
    python: `import threading, time
while True:
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
`,
    options: { ...PROGRAM, resources: { pids: 32 } },
    gets: {
      standard: endsAs('limit_exceeded', 'pids_limit', 'stopped at its limit of threads'),
      strict: endsAs(
        'out_of_memory',
        'oom_kill',
        'its kernel in user space runs out of memory, and everything in it ends',
      ),
    },
  },
  {
    family,
    name: 'memory bomb',
    python: `hoard = []
while True:
    hoard.append(bytearray(1 << 20))
`,
    options: { ...PROGRAM, resources: { memoryBytes: 64 * MIB } },
    gets: endsAs('out_of_memory', 'oom_kill', 'killed at its limit of memory'),
  },
  {
    family,
    name: 'memory bomb in shared memory that no process owns',
    python: `import os
memory = os.memfd_create("hoard")
while True:
    os.write(memory, bytes(1 << 20))
`,
    options: { ...PROGRAM, resources: { memoryBytes: 64 * MIB } },
    gets: endsAs('out_of_memory', 'oom_kill', 'memory files count as its memory'),
  },
  {
    family,
    name: 'memory bomb of Node, outside its heap',
    node: `const hoard = [];
for (;;) hoard.push(Buffer.alloc(1 << 20, 1));
`,
    options: { style: 'program', resources: { memoryBytes: 96 * MIB } },
    gets: endsAs('out_of_memory', 'oom_kill', 'killed at its limit of memory'),
  },
  {
    family,
    name: 'memory bomb spread over many processes',
    python: `import os, time
for _ in range(16):
    if os.fork() == 0:
        hoard = bytearray(16 << 20)
        for at in range(0, len(hoard), 4096):
            hoard[at] = 1
        time.sleep(60)
        os._exit(0)
for _ in range(16):
    _, status = os.wait()
    if status:
        os.kill(os.getpid(), 9)
`,
    options: { ...PROGRAM, resources: { memoryBytes: 64 * MIB } },
    gets: endsAs('out_of_memory', 'oom_kill', 'the limit holds for all its processes together'),
  },
  {
    family,
    name: 'filling the disk',
    python: `${KIT}
def main(input, soma):
    written = 0
    try:
        with open("/tmp/fill", "wb", buffering=0) as file:
            while written < 1 << 30:
                written += file.write(bytes(1 << 20))
    except OSError as error:
        return [errno.errorcode[error.errno], written <= 8 << 20]
    return ["allowed", False]
`,
    options: { ...HANDLER, resources: { diskBytes: 8 * MIB, memoryBytes: 256 * MIB } },
    gets: reports(['ENOSPC', true], 'the disk is full at its limit'),
  },
  {
    family,
    name: 'a file that claims more room than there is',
    python: `${KIT}
def main(input, soma):
    file = os.open("/tmp/claim", os.O_RDWR | os.O_CREAT)
    return attempt(lambda: os.posix_fallocate(file, 0, 1 << 36)) != "allowed"
`,
    options: { ...HANDLER, resources: { diskBytes: 8 * MIB } },
    gets: reports(true, 'refused'),
  },
  {
    family,
    name: 'inode bomb',
    python: `${KIT}
def main(input, soma):
    made = 0
    try:
        for made in range(200_000):
            os.close(os.open(f"/tmp/{made}", os.O_CREAT | os.O_WRONLY))
    except OSError as error:
        return made < 5_000
    return False
`,
    options: { ...HANDLER, resources: { diskBytes: 64 * MIB, memoryBytes: 128 * MIB, timeoutMs: 60_000 } },
    gets: {
      standard: reports(true, 'no more than 4,096 files'),
      strict: endsAs('out_of_memory', 'oom_kill', 'files are its own memory: it runs out of that'),
    },
  },
  {
    family,
    name: 'descriptor bomb',
    python: `${KIT}
def main(input, soma):
    opened = 0
    try:
        while opened < 100_000:
            os.open("/dev/null", os.O_RDONLY)
            opened += 1
    except OSError as error:
        # What was opened is in the way of whatever comes next.
        os.closerange(16, 1024)
        return [errno.errorcode[error.errno], opened <= 1024]
    return ["allowed", False]
`,
    options: HANDLER,
    gets: reports(['EMFILE', true], 'no more than 1,024 open files'),
  },
  {
    family,
    name: 'raising its own limits',
    python: `${KIT}
import resource
def main(input, soma):
    kinds = (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK)
    def rise(kind):
        soft, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (hard + 1, hard + 1))
    got = []
    for kind in kinds:
        try:
            rise(kind)
            got.append("allowed")
        except (ValueError, OSError):
            pass
    return got
`,
    options: HANDLER,
    gets: reports([], 'refused'),
  },
  {
    family,
    name: 'burning processor time for ever',
    python: `while True:
    pass
`,
    options: { ...PROGRAM, resources: { timeoutMs: 1_500 } },
    gets: endsAs('timed_out', 'wall_limit', 'ended at its time limit, having had its share of a core'),
  },
  {
    family,
    name: 'burning processor time in many threads',
    python: `import os
for _ in range(12):
    if os.fork() == 0:
        break
while True:
    pass
`,
    options: { ...PROGRAM, resources: { timeoutMs: 1_500 } },
    gets: endsAs('timed_out', 'wall_limit', 'many processes share what one would get'),
  },
  {
    family,
    name: 'output without end',
    python: `import os
while True:
    os.write(1, b"x" * 65536)
`,
    options: { ...PROGRAM, resources: { outputBytes: 4 * MIB } },
    gets: endsAs('limit_exceeded', 'output_limit', 'ended at its limit of output'),
  },
  {
    family,
    name: 'log flood of invalid UTF-8',
    python: `import os
while True:
    os.write(2, b"\\xff\\xfe\\xc0\\xaf\\xed\\xa0\\x80" * 4096)
`,
    options: { ...PROGRAM, resources: { outputBytes: 4 * MIB } },
    gets: endsAs('limit_exceeded', 'output_limit', 'kept as base64 up to its limit of output, then ended'),
  },
  {
    family,
    name: 'event flood',
    python: `import os
line = b'{"event":"x","data":1}\\n' * 1000
while True:
    os.write(3, line)
`,
    options: { ...PROGRAM, resources: { outputBytes: MIB } },
    gets: endsAs('limit_exceeded', 'output_limit', 'events count as output'),
  },
  {
    family,
    name: 'a result line without end',
    python: `import os
os.write(3, b'{"result":"')
while True:
    os.write(3, b"x" * 65536)
`,
    options: { ...PROGRAM, resources: { outputBytes: 16 * MIB } },
    gets: endsAs('failed', 'output_invalid', 'a line has a limit of its own'),
  },
  {
    family,
    name: 'a result that nests deeper than a parser can bear',
    python: `import os
os.write(3, b'{"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}\\n")
`,
    options: PROGRAM,
    gets: endsAs('failed', 'output_invalid', 'refused before it is parsed'),
  },
  {
    family,
    name: 'kernel memory through pipes nobody reads',
    python: `${KIT}
import fcntl
def main(input, soma):
    filled = 0
    try:
        while filled < 600:
            reader, writer = os.pipe2(os.O_NONBLOCK)
            try:
                fcntl.fcntl(writer, 1031, 1 << 20)
            except OSError:
                pass
            try:
                while True:
                    os.write(writer, bytes(1 << 16))
            except BlockingIOError:
                filled += 1
    except OSError as error:
        os.closerange(16, 1024)
        return True
    return False
`,
    options: { ...HANDLER, resources: { memoryBytes: 96 * MIB } },
    gets: {
      standard: reports(true, 'the descriptors run out before the memory does'),
      strict: endsAs('out_of_memory', 'oom_kill', 'buffers of pipes are its own memory: it runs out of that'),
    },
  },
  {
    family,
    name: 'dumping core',
    python: `import os, signal
os.chdir("/tmp")
os.kill(os.getpid(), signal.SIGSEGV)
`,
    options: PROGRAM,
    gets: endsAs('failed', 'exit_code', 'no core is written, neither in the sandbox nor on the host'),
  },
];
