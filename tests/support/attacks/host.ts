import { type Attack, KIT, reports } from './attack.ts';

const family = 'look at the host and at neighbours';
const HANDLER = { runtime: 'python3.11' } as const;

export const HOST: readonly Attack[] = [
  {
    family,
    name: 'reading process 1: its environment, memory, maps, descriptors',
    python: `${KIT}
def main(input, soma):
    def says(path):
        try:
            with open("/proc/1/" + path, "rb") as file:
                return file.read(4096)
        except OSError:
            return b""
    seen = [path for path in ("mem", "syscall", "stack") if says(path)]
    seen += [name for name in says("environ").decode().split("\\0") if name and name.split("=")[0] not in ("PATH", "HOME", "HOSTNAME")]
    try:
        numbers = os.listdir("/proc/1/fd")
    except OSError:
        numbers = []
    return seen + ["a socket" for number in numbers if can_open("/proc/1/fd/" + number, os.O_RDWR) and os.readlink("/proc/1/fd/" + number).startswith("socket")]
`,
    options: HANDLER,
    gets: {
      standard: reports([], 'nothing of it can be read'),
      strict: reports(
        [],
        'an environment that says nothing, and the numbers of descriptors, none of which can be taken',
      ),
    },
  },
  {
    family,
    name: 'leaving the root by way of process 1 or of ..',
    python: `${KIT}
def main(input, soma):
    here = set(os.listdir("/"))
    out = []
    for path in ("/proc/1/root", "/proc/1/cwd", "/proc/self/root/../..", "/capsule/../..", "/proc/thread-self/root/.."):
        try:
            out += [name for name in os.listdir(path) if name not in here and name not in os.listdir("/capsule")]
        except OSError:
            pass
    return out
`,
    options: HANDLER,
    gets: reports([], 'every way ends in its own root'),
  },
  {
    family,
    name: 'seeing processes of others',
    python: `${KIT}
def main(input, soma):
    others = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != 1:
            try:
                if int(open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()[1]) > 1 and int(name) != os.getpid():
                    others.append(name)
            except OSError:
                others.append(name)
    return [others, call("kill", 2_000_000, 0)]
`,
    options: HANDLER,
    gets: reports([[], 'ESRCH'], 'it sees its own processes and process 1'),
  },
  {
    family,
    name: 'finding what an earlier run left',
    python: `${KIT}
def main(input, soma):
    found = os.listdir("/tmp") + os.listdir("/run/secrets")
    open("/tmp/left-behind", "w").write("for the next one")
    return [found, sorted(os.listdir("/capsule"))]
`,
    options: HANDLER,
    gets: reports([[], ['capsule.json', 'main.py']], 'every sandbox is new and is used once'),
  },
  {
    family,
    name: 'changing its own bundle, which others run, too',
    python: `${KIT}
def main(input, soma):
    tries = {
        "write": attempt(lambda: os.open("/capsule/main.py", os.O_WRONLY)),
        "chmod": attempt(lambda: os.chmod("/capsule/main.py", 0o777)),
        "unlink": attempt(lambda: os.unlink("/capsule/main.py")),
        "create": attempt(lambda: os.open("/capsule/new", os.O_CREAT | os.O_WRONLY)),
        "link": attempt(lambda: os.link("/capsule/main.py", "/tmp/main.py")),
        "rename": attempt(lambda: os.rename("/capsule/main.py", "/capsule/x.py")),
        "touch": attempt(lambda: os.utime("/capsule/main.py")),
    }
    return allowed(tries)
`,
    options: HANDLER,
    gets: reports([], 'read-only from every side'),
  },
  {
    family,
    name: 'writing to the root file system',
    python: `${KIT}
def main(input, soma):
    places = ("/x", "/etc/x", "/usr/bin/x", "/usr/local/bin/capsule-init", "/lib/x", "/var/x", "/root/x", "/home/x", "/run/x", "/dev/x", "/dev/shm/x", "/run/soma/x", "/opt/x")
    return [path for path in places if can_open(path, os.O_CREAT | os.O_WRONLY)]
`,
    options: HANDLER,
    gets: reports([], 'nothing but /tmp and what it was granted'),
  },
  {
    family,
    name: 'running a program it brought in /tmp',
    python: `${KIT}
def main(input, soma):
    with open("/usr/bin/python3", "rb") as source, open("/tmp/p", "wb") as target:
        target.write(source.read(1 << 20))
    os.chmod("/tmp/p", 0o4755)
    pid = os.fork()
    if pid == 0:
        try:
            os.execv("/tmp/p", ["p", "-c", "pass"])
        except OSError as error:
            os._exit(error.errno)
    return errno.errorcode.get(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`,
    options: HANDLER,
    gets: reports('EACCES', '/tmp is not executable'),
  },
  {
    family,
    name: 'set-user-id programs',
    python: `${KIT}
import stat
def main(input, soma):
    found = []
    for folder, folders, files in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys", "/dev")]
        for name in files:
            try:
                if os.lstat(os.path.join(folder, name)).st_mode & (stat.S_ISUID | stat.S_ISGID):
                    found.append(name)
            except OSError:
                pass
    return found
`,
    options: HANDLER,
    gets: reports([], 'the image has none'),
  },
  {
    family,
    name: 'devices of the host',
    python: `${KIT}
def main(input, soma):
    usual = {"null", "zero", "full", "random", "urandom", "tty", "fd", "stdin", "stdout", "stderr", "pts", "ptmx", "core", "shm", "mqueue", "console", "net"}
    raw = [path for path in ("/dev/mem", "/dev/kmem", "/dev/kmsg", "/dev/port", "/dev/sda", "/dev/vda", "/dev/kvm", "/dev/fuse", "/dev/net/tun", "/dev/loop0", "/dev/loop-control") if can_open(path)]
    made = [name for name, kind, device in (("disk", 0o060000, os.makedev(254, 0)), ("memory", 0o020000, os.makedev(1, 1))) if attempt(lambda: os.mknod("/tmp/" + name, 0o600 | kind, device)) == "allowed" and can_open("/tmp/" + name)]
    return [raw, made, sorted(set(os.listdir("/dev")) - usual)]
`,
    options: HANDLER,
    gets: {
      standard: reports([[], [], []], 'none there, and none can be made'),
      strict: reports([['/dev/fuse', '/dev/net/tun'], [], ['fuse']], "two of its own kernel's, none of the host's"),
    },
  },
  {
    family,
    name: 'writing to /proc',
    python: `${KIT}
import stat
def main(input, soma):
    places = ["sysrq-trigger", "sys/kernel/core_pattern", "sys/kernel/hostname", "sys/kernel/modprobe", "sys/vm/drop_caches", "sys/vm/overcommit_memory", "sys/fs/binfmt_misc/register", "sys/net/ipv4/ip_forward", "sys/kernel/randomize_va_space", "timer_list", "irq/0/smp_affinity", "bus/pci/00/00.0", "fs/ext4", "acpi/wakeup", "mtrr", "1/oom_score_adj", "1/mem", "1/attr/current", "self/timerslack_ns/x"]
    def write(path):
        file = os.open("/proc/" + path, os.O_WRONLY)
        try:
            # A masked file is the null device.
            if not stat.S_ISCHR(os.fstat(file).st_mode):
                os.write(file, b"1")
                return
        finally:
            os.close(file)
        raise OSError(errno.ENODEV, "masked")
    return [path for path in places if attempt(lambda: write(path)) == "allowed"]
`,
    options: HANDLER,
    gets: reports([], 'read-only or not there'),
  },
  {
    family,
    name: 'secrets of the kernel in /proc and /sys',
    python: `${KIT}
def main(input, soma):
    def says_something(path):
        try:
            with open(path, "rb") as file:
                return len(file.read(64).strip(b"\\0 \\n")) > 0
        except OSError:
            return False
    places = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/kmsg", "/proc/vmallocinfo", "/proc/slabinfo", "/proc/kpagecount", "/sys/kernel/debug/tracing/trace", "/sys/firmware/acpi/tables/DSDT", "/sys/kernel/security/lockdown", "/sys/kernel/notes/x", "/proc/acpi/event", "/proc/scsi/scsi"]
    addresses = set()
    try:
        addresses = {line.split()[0] for line in open("/proc/kallsyms").read(4096).splitlines()}
    except OSError:
        pass
    return [[path for path in places if says_something(path)], [address for address in addresses if int(address, 16) != 0][:1]]
`,
    options: HANDLER,
    gets: reports([[], []], 'masked, empty or not there'),
  },
  {
    family,
    name: 'writing to /sys',
    python: `${KIT}
def main(input, soma):
    found = []
    for root in ("/sys/kernel", "/sys/fs", "/sys/class", "/sys/power", "/sys/module"):
        for folder, folders, files in os.walk(root):
            for name in files[:64]:
                path = os.path.join(folder, name)
                if can_open(path, os.O_WRONLY):
                    found.append(path)
            if len(found) > 8:
                return found
    return found + [path for path in ("/sys/kernel/uevent_helper", "/sys/power/state", "/sys/fs/cgroup/release_agent") if can_open(path, os.O_WRONLY)]
`,
    options: { ...HANDLER, resources: { timeoutMs: 60_000 } },
    gets: reports([], 'nothing of it can be written'),
  },
  {
    family,
    name: 'changing its own limits through cgroups',
    python: `${KIT}
def main(input, soma):
    names = ("memory/memory.limit_in_bytes", "pids/pids.max", "cpu/cpu.cfs_quota_us", "memory.max", "pids.max", "cpu.max", "cgroup.procs", "memory/cgroup.procs", "devices/devices.allow", "memory/release_agent", "memory/notify_on_release")
    made = attempt(lambda: os.mkdir("/sys/fs/cgroup/memory/mine"))
    also = attempt(lambda: os.mkdir("/sys/fs/cgroup/mine"))
    return [[name for name in names if can_open("/sys/fs/cgroup/" + name, os.O_WRONLY)], "allowed" in (made, also)]
`,
    options: HANDLER,
    gets: reports([[], false], 'its groups are out of its reach'),
  },
  {
    family,
    name: 'sockets of engine, runner and agents',
    python: `${KIT}
def main(input, soma):
    names = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/soma/control", "/run/spire/agent.sock", "/run/systemd/private", "/run/dbus/system_bus_socket")
    def connect(path):
        with socket.socket(socket.AF_UNIX) as to:
            to.connect(path)
    return [path for path in names if attempt(lambda: connect(path)) == "allowed"]
`,
    options: HANDLER,
    gets: reports([], 'none is there'),
  },
  {
    family,
    name: 'secrets in the environment',
    python: `${KIT}
def main(input, soma):
    return sorted(set(os.environ) - {"PATH", "HOME", "TMPDIR", "LANG", "PYTHONIOENCODING", "SOMA_RUN_ID", "LC_CTYPE"})
`,
    options: HANDLER,
    gets: reports([], 'there is nothing in it but what the page on capsules names'),
  },
  {
    family,
    name: 'names of host, user and group',
    python: `${KIT}
def main(input, soma):
    names = {os.uname().nodename, socket.gethostname()}
    return [os.getuid(), os.getgid(), os.getgroups() in ([], [65532]), len(names)]
`,
    options: HANDLER,
    gets: reports([65_532, 65_532, true, 1], 'nobody, in no group'),
  },
];
