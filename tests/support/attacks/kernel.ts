import type { IsolationClass } from '#contracts/isolation';
import { architectureOf } from '#runner/isolation/seccomp-profile';

import { type Attack, KIT, reports } from './attack.ts';
import { SYSTEM_CALLS } from './system-calls.ts';

const family = 'abuse the kernel';
const HANDLER = { runtime: 'python3.11' } as const;
const REFUSED = reports([], 'refused');
const OWN_KERNEL = 'granted by its own kernel, within it; the host is not asked';

/** Where the answer is not the usual one, by the label of the attempt. */
type Unusual = Partial<
  Record<IsolationClass, { readonly means: string; readonly answers: Readonly<Record<string, string>> }>
>;

/**
 * System calls by name, as `call` takes them. What each attempt was answered is what the capsule reports: by the filter, which
 * answers before the kernel looks at an argument, or by the kernel's own rules where ordinary programs need the call.
 */
function calls(name: string, attempts: Readonly<Record<string, string>>, unusual: Unusual = {}): Attack {
  const tries = Object.entries(attempts).map(([label, call]) => `${JSON.stringify(label)}: ${call}`);
  const python = `${KIT}
import struct
def main(input, soma):
    room = ctypes.create_string_buffer(4096)
    return {${tries.join(', ')}}
`;
  const gets = (isolation: IsolationClass) => {
    const { means = 'refused', answers = {} } = unusual[isolation] ?? {};
    const usual = Object.entries(attempts).map(([label, call]) => [label, usualAnswer(call)]);
    return reports({ ...Object.fromEntries(usual), ...answers }, means);
  };
  return { family, name, python, options: HANDLER, gets: { standard: gets('standard'), strict: gets('strict') } };
}

function usualAnswer(call: string): string {
  const [, name = ''] = /^call\("(\w+)"/.exec(call) ?? [];
  const numbers = SYSTEM_CALLS[name];
  return numbers !== undefined && numbers[architectureOf(process.arch)] === undefined ? 'ENOSYS' : 'EPERM';
}

export const KERNEL: readonly Attack[] = [
  calls('mount, and all its relatives', {
    mount: 'call("mount", b"none", b"/tmp", b"tmpfs", 0, None)',
    bind: 'call("mount", b"/", b"/tmp", None, 4096, None)',
    umount: 'call("umount2", b"/capsule", 2)',
    pivot_root: 'call("pivot_root", b"/tmp", b"/tmp")',
    chroot: 'call("chroot", b"/tmp")',
    open_tree: 'call("open_tree", -100, b"/", 1)',
    fsopen: 'call("fsopen", b"tmpfs", 0)',
    move_mount: 'call("move_mount", -100, b"/", -100, b"/tmp", 0)',
    mount_setattr: 'call("mount_setattr", -100, b"/", 0, room, 32)',
  }),
  calls('ptrace of another process', {
    attach: 'call("ptrace", 16, os.getppid(), 0, 0)',
    seize: 'call("ptrace", 0x4206, os.getppid(), 0, 0)',
  }),
  calls('bpf', {
    map: 'call("bpf", 0, struct.pack("IIIII", 2, 4, 4, 1, 0) + bytes(52), 72)',
    program:
      'call("bpf", 5, struct.pack("IIQQ", 1, 2, ctypes.addressof(ctypes.create_string_buffer(bytes.fromhex("b7000000000000009500000000000000"))), ctypes.addressof(room)) + bytes(96), 120)',
  }),
  calls('keyrings', {
    add_key: 'call("add_key", b"user", b"soma", b"x", 1, -4)',
    request_key: 'call("request_key", b"user", b"soma", None, -4)',
    keyctl: 'call("keyctl", 0, -3, 1)',
  }),
  calls('userfaultfd', { userfaultfd: 'call("userfaultfd", 0)', user_mode: 'call("userfaultfd", 1)' }),
  calls('io_uring', {
    setup: 'call("io_uring_setup", 8, room)',
    enter: 'call("io_uring_enter", 0, 0, 0, 0, None, 0)',
    register: 'call("io_uring_register", 0, 0, None, 0)',
  }),
  calls('memfd_secret', { memfd_secret: 'call("memfd_secret", 0)' }),
  calls('namespaces of its own', {
    user: 'call("unshare", 0x10000000)',
    mount: 'call("unshare", 0x00020000)',
    network: 'call("unshare", 0x40000000)',
    process: 'call("unshare", 0x20000000)',
    cgroup: 'call("unshare", 0x02000000)',
    clone: 'call("clone", 0x10000000 | 17, 0, 0, 0, 0)',
  }),
  calls('namespaces of others', { setns: 'call("setns", os.open("/proc/self/ns/net", os.O_RDONLY), 0)' }),
  calls('perf_event_open', {
    perf_event_open:
      'call("perf_event_open", struct.pack("IIQQQQQ", 1, 112, 0, 0, 0, 0, 0x61) + bytes(64), 0, -1, -1, 0)',
  }),
  calls('modules and kernels', {
    init_module: 'call("init_module", room, 64, b"")',
    finit_module: 'call("finit_module", 0, b"", 0)',
    delete_module: 'call("delete_module", b"x", 0)',
    kexec_load: 'call("kexec_load", 0, 0, None, 0)',
    kexec_file_load: 'call("kexec_file_load", 0, 0, 0, None, 0)',
  }),
  calls('files by handle, past every mount', {
    open_by_handle_at: 'call("open_by_handle_at", os.open("/", os.O_RDONLY), struct.pack("IiQ", 8, 1, 2), 0)',
  }),
  calls('the clock', {
    settimeofday: 'call("settimeofday", room, None)',
    clock_settime: 'call("clock_settime", 0, room)',
    adjtimex: 'call("adjtimex", (ctypes.c_long * 26)(0x0002))',
    clock_adjtime: 'call("clock_adjtime", 0, (ctypes.c_long * 26)(0x0002))',
  }),
  calls('reboot, swap, accounting, quotas', {
    reboot: 'call("reboot", 0xfee1dead, 672274793, 0, None)',
    swapon: 'call("swapon", b"/tmp/x", 0)',
    swapoff: 'call("swapoff", b"/tmp/x")',
    acct: 'call("acct", None)',
    quotactl: 'call("quotactl", 0x80000100, b"/", 0, room)',
    vhangup: 'call("vhangup")',
  }),
  calls('ports of the machine', { iopl: 'call("iopl", 3)', ioperm: 'call("ioperm", 0x70, 1, 1)' }),
  calls('becoming root', {
    setuid: 'call("setuid", 0)',
    setgid: 'call("setgid", 0)',
    setresuid: 'call("setresuid", 0, 0, 0)',
    setgroups: 'call("setgroups", 1, (ctypes.c_int * 1)(0))',
    setfsuid: '"allowed" if libc.setfsuid(0) == 0 else "EPERM"',
    capset:
      'call("capset", (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(0xffffffff, 0xffffffff, 0, 0xffffffff, 0xffffffff, 0))',
    chown: 'call("fchownat", -100, b"/tmp", 0, 0, 0)',
  }),
  calls('the name of the host', {
    sethostname: 'call("sethostname", b"mine", 4)',
    setdomainname: 'call("setdomainname", b"mine", 4)',
  }),
  calls(
    'priority over others',
    {
      nice: 'call("setpriority", 0, 0, -20)',
      real_time: 'call("sched_setscheduler", 0, 1, (ctypes.c_int * 1)(50))',
      deadline: 'call("sched_setattr", 0, struct.pack("IIQiIQQQ", 48, 6, 0, 0, 0, 10**7, 10**8, 10**8), 0)',
      io_priority: 'call("ioprio_set", 1, 0, (1 << 13) | 0)',
    },
    {
      standard: { means: 'refused', answers: { nice: 'EACCES' } },
      strict: { means: OWN_KERNEL, answers: { nice: 'allowed', real_time: 'EINVAL', deadline: 'ENOSYS' } },
    },
  ),
  calls('the log of the kernel', { syslog: 'call("syslog", 3, room, 4096)', console: 'call("syslog", 7, None, 0)' }),
  calls('watching the whole file system', { fanotify_init: 'call("fanotify_init", 0x0c, 0)' }),
  calls('moving memory between nodes', {
    migrate_pages: 'call("migrate_pages", 1, 64, room, room)',
    move_pages: 'call("move_pages", 1, 0, None, None, None, 0)',
    mbind: 'call("mbind", 0, 4096, 2, room, 64, 0)',
    set_mempolicy: 'call("set_mempolicy", 2, room, 64)',
  }),
  calls('comparing objects of the kernel', { kcmp: 'call("kcmp", 1, os.getpid(), 1, 0, 0)' }),
  {
    family,
    name: 'system calls of 32-bit programs, which a filter may have forgotten',
    only: 'x64',
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
    only: 'x64',
    python: `${KIT}
def main(input, soma):
    pid = os.fork()
    if pid == 0:
        got = {"unshare": call(0x40000000 + NUMBERS["unshare"], 0x10000000), "ptrace": call(0x40000000 + 521, 16, 1, 0, 0)}
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
    return allowed({"personality": call("personality", 0x0040000), "linux32 with everything": call("personality", 0xffffff0)})
`,
    options: HANDLER,
    gets: REFUSED,
  },
  {
    family,
    name: 'a program that lives in memory only',
    python: `import os
program = os.memfd_create("p", 0)
with open("/usr/bin/python3", "rb") as source:
    while part := source.read(1 << 20):
        os.write(program, part)
look = '''import ctypes, json, os
libc = ctypes.CDLL(None)
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
has = [os.readlink("/proc/self/exe").startswith("/memfd:p"), os.getuid(), libc.prctl(39, 0, 0, 0, 0), int(status["CapEff"], 16), libc.unshare(0x10000000), libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)]
os.write(3, json.dumps({"result": has}).encode() + bytes([10]))
'''
pid = os.fork()
if pid == 0:
    os.execve(program, ["/usr/bin/python3", "-I", "-c", look], {})
_, status = os.waitpid(pid, 0)
os._exit(os.waitstatus_to_exitcode(status))
`,
    options: { runtime: 'python3.11', style: 'program' },
    gets: reports([true, 65_532, 1, 0, -1, -1], 'it runs with what it has, which is nothing more'),
  },
  {
    family,
    name: 'what Node asks of the kernel where it is told to',
    node: `import { chownSync, watch, writeFileSync } from 'node:fs';

const answer = (act) => { try { act(); return 'allowed'; } catch (error) { return error.code ?? error.message; } };
export default () => ({
  setuid: answer(() => process.setuid(0)),
  setgid: answer(() => process.setgid(0)),
  setgroups: answer(() => process.setgroups([0])),
  chown: answer(() => chownSync('/tmp', 0, 0)),
  watch: answer(() => watch('/tmp').close()),
  addon: answer(() => {
    writeFileSync('/tmp/addon.node', Buffer.from('\\x7fELF'));
    process.dlopen({ exports: {} }, '/tmp/addon.node');
  }) !== 'allowed',
});
`,
    gets: reports(
      {
        setuid: 'EPERM',
        setgid: 'EPERM',
        setgroups: 'EPERM',
        chown: 'EPERM',
        watch: 'EPERM',
        addon: true,
      },
      'refused',
    ),
  },
  {
    family,
    name: 'pointers that lead nowhere, in every call there is',
    python: `${KIT}
import random
random.seed(7)
waits = "read write rt_sigreturn pause nanosleep clone fork vfork execve exit wait4 rt_sigsuspend futex restart_syscall clock_nanosleep exit_group epoll_wait waitid pselect6 ppoll epoll_pwait execveat clone3"
signals = "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo"
skip = {NUMBERS[name] for name in (waits + " " + signals).split() if name in NUMBERS}
for number in range(0, 460):
    # Chosen here: Python seeds a child anew.
    arguments = [ctypes.c_long(random.choice((0, -1, 1, 0x7fffffffffff, 4096))) for _ in range(6)]
    if number in skip:
        continue
    pid = os.fork()
    if pid == 0:
        os.closerange(0, 64)
        libc.syscall(number, *arguments)
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
    // Under gVisor it takes most of a minute by itself.
    options: { runtime: 'python3.11', style: 'program', resources: { timeoutMs: 180_000 } },
    gets: reports('alive', 'errors, and nothing else'),
  },
];
