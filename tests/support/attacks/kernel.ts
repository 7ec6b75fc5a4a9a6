import { type Attack, KIT, reports } from './attack.ts';

const family = 'abuse the kernel';
const HANDLER = { runtime: 'python3.11' } as const;
const REFUSED = reports([], 'refused');
const OWN_KERNEL = 'granted by its own kernel, within it; the host is not asked';

/** System calls by name, as `call` takes them. All that were allowed are what the capsule reports. */
function calls(name: string, attempts: Readonly<Record<string, string>>, gets: Attack['gets'] = REFUSED): Attack {
  const tries = Object.entries(attempts).map(([label, call]) => `${JSON.stringify(label)}: ${call}`);
  const python = `${KIT}
import struct
def main(input, soma):
    room = ctypes.create_string_buffer(4096)
    return allowed({${tries.join(', ')}})
`;
  return { family, name, python, options: HANDLER, gets };
}

export const KERNEL: readonly Attack[] = [
  calls('mount, and all its relatives', {
    mount: 'call(165, b"none", b"/tmp", b"tmpfs", 0, None)',
    bind: 'call(165, b"/", b"/tmp", None, 4096, None)',
    umount: 'call(166, b"/capsule", 2)',
    pivot_root: 'call(155, b"/tmp", b"/tmp")',
    chroot: 'call(161, b"/tmp")',
    open_tree: 'call(428, -100, b"/", 1)',
    fsopen: 'call(430, b"tmpfs", 0)',
    move_mount: 'call(429, -100, b"/", -100, b"/tmp", 0)',
    mount_setattr: 'call(442, -100, b"/", 0, room, 32)',
  }),
  calls('ptrace of another process', {
    attach: 'call(101, 16, os.getppid(), 0, 0)',
    seize: 'call(101, 0x4206, os.getppid(), 0, 0)',
  }),
  calls('bpf', { bpf: 'call(321, 0, room, 48)', load: 'call(321, 5, room, 128)' }),
  calls('keyrings', {
    add_key: 'call(248, b"user", b"soma", b"x", 1, -4)',
    request_key: 'call(249, b"user", b"soma", None, -4)',
    keyctl: 'call(250, 0, -3, 1)',
  }),
  calls('userfaultfd', { userfaultfd: 'call(323, 0)', user_mode: 'call(323, 1)' }),
  calls('io_uring', {
    setup: 'call(425, 8, room)',
    enter: 'call(426, 0, 0, 0, 0, None, 0)',
    register: 'call(427, 0, 0, None, 0)',
  }),
  calls('memfd_secret', { memfd_secret: 'call(447, 0)' }),
  calls('namespaces of its own', {
    user: 'call(272, 0x10000000)',
    mount: 'call(272, 0x00020000)',
    network: 'call(272, 0x40000000)',
    process: 'call(272, 0x20000000)',
    cgroup: 'call(272, 0x02000000)',
    clone: 'call(56, 0x10000000 | 17, 0, 0, 0, 0)',
  }),
  calls('namespaces of others', { setns: 'call(308, os.open("/proc/self/ns/net", os.O_RDONLY), 0)' }),
  calls('perf_event_open', { perf_event_open: 'call(298, room, 0, -1, -1, 0)' }),
  calls('modules and kernels', {
    init_module: 'call(175, room, 64, b"")',
    finit_module: 'call(313, 0, b"", 0)',
    delete_module: 'call(176, b"x", 0)',
    kexec_load: 'call(246, 0, 0, None, 0)',
    kexec_file_load: 'call(320, 0, 0, 0, None, 0)',
  }),
  calls('files by handle, past every mount', {
    open_by_handle_at: 'call(304, -100, room, 0)',
  }),
  calls('the clock', {
    settimeofday: 'call(164, room, None)',
    clock_settime: 'call(227, 0, room)',
    adjtimex: 'call(159, (ctypes.c_long * 26)(0x0002))',
    clock_adjtime: 'call(305, 0, (ctypes.c_long * 26)(0x0002))',
  }),
  calls('reboot, swap, accounting, quotas', {
    reboot: 'call(169, 0xfee1dead, 672274793, 0, None)',
    swapon: 'call(167, b"/tmp/x", 0)',
    swapoff: 'call(168, b"/tmp/x")',
    acct: 'call(163, None)',
    quotactl: 'call(179, 0x80000100, b"/", 0, room)',
    vhangup: 'call(153)',
  }),
  calls('ports of the machine', { iopl: 'call(172, 3)', ioperm: 'call(173, 0x70, 1, 1)' }),
  calls('becoming root', {
    setuid: 'call(105, 0)',
    setgid: 'call(106, 0)',
    setresuid: 'call(117, 0, 0, 0)',
    setgroups: 'call(116, 1, (ctypes.c_int * 1)(0))',
    setfsuid: '"allowed" if libc.setfsuid(0) == 0 else "EPERM"',
    capset:
      'call(126, (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(0xffffffff, 0xffffffff, 0, 0xffffffff, 0xffffffff, 0))',
    chown: 'call(92, b"/tmp", 0, 0)',
  }),
  calls('the name of the host', { sethostname: 'call(170, b"mine", 4)', setdomainname: 'call(171, b"mine", 4)' }),
  calls(
    'priority over others',
    {
      nice: 'call(141, 0, 0, -20)',
      real_time: 'call(144, 0, 1, (ctypes.c_int * 1)(50))',
      deadline: 'call(314, 0, struct.pack("IIQiIQQQ", 48, 6, 0, 0, 0, 10**7, 10**8, 10**8), 0)',
      io_priority: 'call(251, 1, 0, (1 << 13) | 0)',
    },
    { standard: REFUSED, strict: reports(['nice'], OWN_KERNEL) },
  ),
  calls('the log of the kernel', { syslog: 'call(103, 3, room, 4096)', console: 'call(103, 7, None, 0)' }),
  calls('watching the whole file system', { fanotify_init: 'call(300, 0x0c, 0)' }),
  calls('moving memory between nodes', {
    migrate_pages: 'call(256, 1, 64, room, room)',
    move_pages: 'call(279, 1, 0, None, None, None, 0)',
    mbind: 'call(237, 0, 4096, 2, room, 64, 0)',
    set_mempolicy: 'call(238, 2, room, 64)',
  }),
  calls('comparing objects of the kernel', { kcmp: 'call(312, 1, os.getpid(), 1, 0, 0)' }),
  {
    family,
    name: 'system calls of 32-bit programs, which a filter may have forgotten',
    python: `${KIT}
import mmap
def main(input, soma):
    # mov eax, 310 (unshare); mov ebx, CLONE_NEWUSER; int 0x80; ret
    code = bytes.fromhex("53b836010000bb00000010cd805bc3")
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    pid = os.fork()
    if pid == 0:
        call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
        os._exit(0 if call() == 0 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0
`,
    options: HANDLER,
    gets: reports(true, 'refused: the filter knows that door, too'),
  },
  {
    family,
    name: 'system calls of the x32 interface',
    python: `${KIT}
def main(input, soma):
    pid = os.fork()
    if pid == 0:
        got = {"unshare": call(0x40000000 + 272, 0x10000000), "ptrace": call(0x40000000 + 521, 16, 1, 0, 0)}
        os._exit(len(allowed(got)))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) > 0
`,
    options: HANDLER,
    gets: reports(false, 'refused, or ended by a signal'),
  },
  {
    family,
    name: 'a program that raises privileges as it starts',
    python: `${KIT}
def main(input, soma):
    status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
    return [libc.prctl(39, 0, 0, 0, 0)] + [int(status.get(name, "0"), 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "Seccomp")]
`,
    options: HANDLER,
    gets: reports([1, 0, 0, 0, 0, 2], 'none to have, and none to get'),
  },
  {
    family,
    name: 'switching address randomisation off',
    python: `${KIT}
def main(input, soma):
    return allowed({"personality": call(135, 0x0040000), "linux32 with everything": call(135, 0xffffff0)})
`,
    options: HANDLER,
    gets: REFUSED,
  },
  {
    family,
    name: 'a program that lives in memory only',
    python: `import os
program = os.memfd_create("p", 0)
os.write(program, b"\\x7fELF" + bytes(60))
pid = os.fork()
if pid == 0:
    try:
        os.execve(program, ["p"], {})
    except OSError:
        os._exit(3)
_, status = os.waitpid(pid, 0)
os.write(3, b'{"result":%d}\\n' % os.waitstatus_to_exitcode(status))
`,
    options: { runtime: 'python3.11', style: 'program' },
    gets: reports(3, 'it runs with what it has, which is nothing more'),
  },
  {
    family,
    name: 'pointers that lead nowhere, in every call there is',
    python: `import ctypes, os, random
libc = ctypes.CDLL(None)
random.seed(7)
skip = {0, 1, 15, 34, 35, 56, 57, 58, 59, 60, 61, 62, 130, 200, 202, 219, 230, 231, 232, 247, 270, 271, 281, 322, 435}
for number in range(0, 460):
    if number in skip:
        continue
    pid = os.fork()
    if pid == 0:
        os.closerange(0, 64)
        libc.syscall(number, *[ctypes.c_long(random.choice((0, -1, 1, 0x7fffffffffff, 4096))) for _ in range(6)])
        os._exit(0)
    for _ in range(2000):
        done, _ = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        os.sched_yield()
    else:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
os.write(3, b'{"result":"alive"}\\n')
`,
    options: { runtime: 'python3.11', style: 'program', resources: { timeoutMs: 60_000 } },
    gets: reports('alive', 'errors, and nothing else'),
  },
];
