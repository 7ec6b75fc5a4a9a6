"""What a handler gets as its second argument."""

import json
import os
import threading

RESULT_CHANNEL = 3
ARTIFACTS = "/out"

_lock = threading.Lock()


def say(line):
    """One JSON line to the runner; what was said is out before the process can die."""
    rest = memoryview(json.dumps(line, allow_nan=False, separators=(",", ":")).encode() + b"\n")
    with _lock:
        while rest:
            rest = rest[os.write(RESULT_CHANNEL, rest) :]


class Soma:
    def __init__(self, may_write_artifacts):
        self._may_write_artifacts = may_write_artifacts

    def progress(self, fraction, message=None):
        """How far the run is, from 0 to 1."""
        if not 0 <= fraction <= 1:
            raise ValueError(f"progress takes a fraction from 0 to 1, got {fraction!r}")
        data = {"fraction": fraction}
        if message is not None:
            data["message"] = str(message)
        say({"event": "progress", "data": data})

    def event(self, name, data=None):
        """A structured event for whoever watches the run."""
        say({"event": str(name), "data": data})

    def usage(self, name, amount):
        """Adds to one of the capsule's own meters, such as `tokens`."""
        if isinstance(amount, bool) or not isinstance(amount, int) or amount < 0:
            raise ValueError(f"usage takes a whole number of units, got {amount!r}")
        say({"usage": {name: amount}})

    def secret(self, name):
        """The value of a secret that this run was granted."""
        try:
            with open(os.path.join("/run/secrets", os.path.basename(name)), encoding="utf-8", newline="") as file:
                return file.read()
        except OSError:
            raise KeyError(f"the secret {name} was not granted to this run") from None

    def artifact(self, name, content):
        """Leaves a file behind: `name` is a path below /out."""
        if not self._may_write_artifacts:
            raise PermissionError("this capsule has no permission to write artifacts")
        path = ARTIFACTS + os.path.normpath("/" + str(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
