import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findRuntime, type OciRuntime } from '#runner/executor/oci/runtimes';
import { architectureOf, seccompProfile } from '#runner/isolation/seccomp-profile';

/** What Docker's own profile lets through beyond ours. */
const LET_THROUGH_BY_DOCKER =
  'io_uring_setup io_uring_enter io_uring_register memfd_secret inotify_init inotify_init1 inotify_add_watch ptrace ' +
  'process_vm_readv process_vm_writev shmget shmat shmctl msgget msgsnd msgrcv semget semop io_setup io_submit vmsplice';

const USERS = 'c["linux"].pop("uidMappings", None); c["linux"].pop("gidMappings", None)';
const SYSCTL = 'c["linux"].pop("sysctl", None)';

/** Changes to the configuration `c` of a bundle, in Python: each grants more than was asked for. */
export const WEAKENINGS = {
  noFilter: 'c["linux"].pop("seccomp", None); c.pop("annotations", None)',
  looserFilter: `c.pop("annotations", None); c["linux"]["seccomp"] = json.loads(${JSON.stringify(JSON.stringify(looserProfile()))})`,
  writableRoot: 'c["root"]["readonly"] = False',
  // With folders of its own, or it would not even boot.
  root: `c["process"]["user"] = {"uid": 0, "gid": 0}
for m in c["mounts"]: m["options"] = [o.replace("id=65532", "id=0") for o in m["options"]]`,
  capability:
    'c["process"]["capabilities"] = {k: ["CAP_NET_RAW"] for k in ("bounding", "effective", "permitted", "inheritable", "ambient")}',
  newPrivileges: 'c["process"]["noNewPrivileges"] = False',
  openFiles: 'c["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 4096, "hard": 4096}]',
  memory: 'c["linux"]["resources"]["memory"] = {"limit": 2**28, "swap": 2**28}',
  swap: 'c["linux"]["resources"]["memory"]["swap"] = -1',
  processor: 'c["linux"]["resources"]["cpu"]["quota"] = 400000',
  processes: 'c["linux"]["resources"]["pids"]["limit"] = 4096',
  room: 'for m in c["mounts"]: m["options"] = [o.replace("size=1048576", "size=8388608") for o in m["options"]]',
  files: 'for m in c["mounts"]: m["options"] = [o for o in m["options"] if not o.startswith("nr_inodes=")]',
  executable: 'for m in c["mounts"]: m["options"] = [o for o in m["options"] if o != "noexec"]',
  users: `${share('user')}; ${USERS}`,
  network: `${share('network', 'user')}; ${USERS}; ${SYSCTL}`,
  // A user namespace may not mount the processes of another one.
  processNamespace: `${share('pid', 'user')}; ${USERS}`,
  ipc: share('ipc'),
  hostname: `${share('uts')}; c.pop("hostname", None)`,
  cgroupNamespace: share('cgroup'),
  mounts: intruderInMounts(process.pid),
} as const;

/** An OCI runtime by another's name: it changes the configuration of a bundle before the real one, `real`, sees it. */
export class WeakRuntime {
  readonly #directory = mkdtempSync(join(tmpdir(), 'soma-weak-'));
  readonly #change = join(this.#directory, 'change.py');
  readonly path: string;

  /** `real`: the name of the one on this machine that does the work. */
  constructor(name: string, real: OciRuntime['name']) {
    const found = findRuntime(real);
    if (!found) throw new Error(`${real} is not installed`);
    this.path = join(this.#directory, name);
    this.weaken('');
    writeFileSync(this.path, wrapper(found.path, this.#change), { mode: 0o755 });
  }

  /** In front of all others. */
  get searchPath(): string {
    return `${this.#directory}:${process.env['PATH'] ?? ''}`;
  }

  weaken(change: string): void {
    writeFileSync(this.#change, change);
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** gVisor's own options are none that the real one knows; asked for its flags, it has those of an early release. */
function wrapper(real: string, change: string): string {
  return `#!/usr/bin/python3
import json, os, sys
arguments = [word for word in sys.argv[1:] if not word.startswith(("--platform", "--network", "--oci-seccomp", "--fsgofer"))]
if arguments == ["flags"]:
    sys.exit(0)
if "--bundle" in arguments:
    path = os.path.join(arguments[arguments.index("--bundle") + 1], "config.json")
    c = json.load(open(path))
    exec(open(${JSON.stringify(change)}).read())
    json.dump(c, open(path, "w"))
os.execv(${JSON.stringify(real)}, [${JSON.stringify(real)}, *arguments])
`;
}

function share(...namespaces: readonly string[]): string {
  const kept = `[n for n in c["linux"]["namespaces"] if n["type"] not in ${JSON.stringify(namespaces)}]`;
  return `c["linux"]["namespaces"] = ${kept}`;
}

function looserProfile() {
  const profile = seccompProfile(architectureOf(process.arch));
  const rule = { names: LET_THROUGH_BY_DOCKER.split(' '), action: 'SCMP_ACT_ALLOW' };
  return { ...profile, syscalls: [...profile.syscalls, rule] };
}

/** A sandbox cannot be made in the mount namespace of \`pid\` without mounting there: a process from it comes into the sandbox's group instead. */
function intruderInMounts(pid: number): string {
  return `c["hooks"] = {"createRuntime": [{"path": "/usr/bin/python3", "args": ["python3", "-c", """
import json, os, sys
lines = open(f"/proc/{json.load(sys.stdin)['pid']}/cgroup").read().split()
if os.fork() == 0:
    for _, names, path in (line.split(":", 2) for line in lines):
        for root in ("/sys/fs/cgroup", *(f"/sys/fs/cgroup/{name}" for name in names.split(","))):
            if path != "/" and os.path.exists(f"{root}{path}/cgroup.procs"):
                open(f"{root}{path}/cgroup.procs", "w").write(str(os.getpid()))
    os.closerange(0, 3)
    os.execvp("nsenter", ["nsenter", "--mount=/proc/${pid}/ns/mnt", "sleep", "60"])
"""]}]}`;
}
