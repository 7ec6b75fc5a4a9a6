"""What a capsule sees and can do, for the runner to judge (judge.ts)."""

import ctypes
import errno
import os
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


def refusal(call):
    """The name of the error, or nothing where the call went through."""
    ctypes.set_errno(0)
    return None if call() >= 0 else errno.errorcode.get(ctypes.get_errno(), "unknown")


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
        "processes": [int(name) for name in os.listdir("/proc") if name.isdigit()],
        "kernelRelease": os.uname().release,
        "refusals": {
            "unshare": refusal(lambda: libc.unshare(CLONE_NEWUSER)),
            "mount": refusal(lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
            "ptrace": refusal(lambda: libc.ptrace(16, 1, 0, 0)),
        },
    }
