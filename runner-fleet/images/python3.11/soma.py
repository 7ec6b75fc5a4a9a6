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


class Dataset:
    def __init__(self, name):
        self._name = name

    def push(self, *rows):
        for row in rows:
            say({"dataset": self._name, "row": row})


class State:
    """Keys and values that outlive the run where it succeeds. They are held as text, so that nothing done to a value changes them."""

    def __init__(self, entries):
        self._texts = None if entries is None else {key: json.dumps(value) for key, value in entries.items()}

    def _granted(self):
        if self._texts is None:
            raise PermissionError("this capsule has no permission to keep state")
        return self._texts

    def get(self, key, default=None):
        text = self._granted().get(key)
        return default if text is None else json.loads(text)

    def set(self, key, value):
        self._granted()[str(key)] = json.dumps(value, allow_nan=False)
        say({"state": str(key), "value": value})

    def delete(self, key):
        self._granted().pop(str(key), None)
        say({"state": str(key)})

    def list(self, prefix=""):
        return sorted(key for key in self._granted() if key.startswith(prefix))


class Soma:
    def __init__(self, job):
        self._may_write_artifacts = job["mayWriteArtifacts"]
        self._datasets = job["datasets"]
        self.state = State(job.get("state"))

    def dataset(self, name):
        """Rows beside the result: `soma.dataset("pages").push({…})`."""
        if name not in self._datasets:
            raise PermissionError(f"this capsule has no permission for the data set {name}")
        return Dataset(name)

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
