"""What a capsule sees and can do, for the runner to judge (judge.ts)."""

import ctypes
import errno
import os
import resource
import socket

CLONE_NEWUSER = 0x10000000
PR_GET_NO_NEW_PRIVS = 39
libc = ctypes.CDLL(None, use_errno=True)


def can_write(folder):
    path = os.path.join(folder, ".probe")
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
    except OSError:
        return False
    os.unlink(path)
    return True


def can_execute(folder):
    path = os.path.join(folder, ".probe")
    try:
        with open(path, "w") as file:
            file.write("#!/usr/bin/python3\n")
        os.chmod(path, 0o755)
        os.waitpid(os.posix_spawn(path, [path], {}), 0)
        return True
    except OSError:
        return False
    finally:
        os.unlink(path)


def room_of(folder):
    room = os.statvfs(folder)
    return {"sizeBytes": room.f_blocks * room.f_frsize, "maxFiles": room.f_files}


def mounts():
    fields = [line.split(" ") for line in open("/proc/self/mounts").read().splitlines()]
    return [{"path": path, "flags": flags.split(",")} for _, path, _, flags, *_ in fields]


def limit_of(kind):
    return [None if value == resource.RLIM_INFINITY else value for value in resource.getrlimit(kind)]


def refusal(call):
    """The name of the error, or nothing where the call went through."""
    ctypes.set_errno(0)
    return None if call() >= 0 else errno.errorcode.get(ctypes.get_errno(), "unknown")


def answer_to(call):
    return refusal(lambda: libc.syscall(*[ctypes.c_long(value) for value in (call["number"], *call["arguments"])]))


def can_connect():
    try:
        socket.create_connection(("1.1.1.1", 53), 1).close()
        return True
    except OSError:
        return False


def main(input, soma):
    status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    return {
        "uid": os.getuid(),
        "gid": os.getgid(),
        "groups": os.getgroups(),
        "capabilities": [status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")],
        "hasNoNewPrivileges": libc.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
        "interfaces": [name for _, name in socket.if_nameindex()],
        "canConnect": can_connect(),
        "writable": [folder for folder in input["folders"] if can_write(folder)],
        "executable": [folder for folder in input["temporary"] if can_execute(folder)],
        "room": {folder: room_of(folder) for folder in input["temporary"]},
        "mounts": mounts(),
        "openFiles": limit_of(resource.RLIMIT_NOFILE),
        "coreBytes": limit_of(resource.RLIMIT_CORE),
        "processes": [int(name) for name in os.listdir("/proc") if name.isdigit()],
        "kernelRelease": os.uname().release,
        "refusals": {
            "unshare": refusal(lambda: libc.unshare(CLONE_NEWUSER)),
            "mount": refusal(lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
            "ptrace": refusal(lambda: libc.ptrace(16, 1, 0, 0)),
        },
        "filtered": {call["name"]: answer_to(call) for call in input["calls"]},
    }
