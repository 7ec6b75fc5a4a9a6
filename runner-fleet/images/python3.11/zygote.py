"""Boots the runtime, says it is ready, and waits for its one job.

Descriptors: 0 input, 1 stdout, 2 stderr, 3 result channel, 4 job, 5 readiness.
"""

import gc

# Nothing of what is loaded now becomes garbage: looking for it takes a tenth of the start.
gc.disable()

import os
import sys

sys.path.insert(0, "/usr/lib/soma")

# Loaded while nobody waits: what nearly every capsule touches first.
import builtins
import collections
import functools
import io
import json
import re
import time

from handler import run_handler

JOB, READY = 4, 5


def read_fully(length):
    parts = []
    while length > 0:
        part = os.read(JOB, length)
        if not part:
            os._exit(0)
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def wait_for_job():
    gc.freeze()
    gc.enable()
    os.write(READY, b"R")
    os.close(READY)
    job = json.loads(read_fully(int.from_bytes(read_fully(4), "little")))
    os.close(JOB)
    return job


def run_program(entrypoint):
    """As `python3 entrypoint` would: the file is the module `__main__`."""
    main = type(sys)("__main__")
    main.__file__ = entrypoint
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    with open(entrypoint, "rb") as source:
        code = compile(source.read(), entrypoint, "exec")
    exec(code, main.__dict__)


job = wait_for_job()
entrypoint = os.path.join("/capsule", job["entrypoint"])
os.environ["SOMA_RUN_ID"] = job["runId"]
sys.argv = [entrypoint]
sys.path[0] = os.path.dirname(entrypoint)
if sys.path[0] != "/capsule":
    sys.path.insert(1, "/capsule")
if os.path.isdir("/capsule/site-packages"):
    sys.path.append("/capsule/site-packages")

# A handler has it at hand.
if "state" in job and job["style"] != "handler":
    os.environ["SOMA_STATE_FILE"] = "/tmp/soma-state.json"
    with open(os.environ["SOMA_STATE_FILE"], "w", encoding="utf-8") as file:
        json.dump(job["state"], file)

if job["style"] == "handler":
    run_handler(entrypoint, job)
else:
    run_program(entrypoint)
