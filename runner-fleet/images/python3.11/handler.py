"""`def main(input, soma): return output`"""

import importlib.util
import json
import os
import sys

from soma import Soma, say

ADAPTER = "/usr/lib/soma/"


def load(entrypoint):
    spec = importlib.util.spec_from_file_location("capsule_entrypoint", entrypoint)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    main = getattr(module, "main", None)
    if not callable(main):
        raise TypeError(f"{os.path.basename(entrypoint)} must define main(input, soma)")
    return main


def call(main, input, soma):
    output = main(input, soma)
    if hasattr(output, "__await__"):
        import asyncio

        async def settled():
            return await output

        return asyncio.run(settled())
    return output


def leave(code):
    """The run is over with its handler: threads and exit hooks of the capsule are not waited for."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def fail_run(cause, error):
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename.startswith(ADAPTER):
        frames = frames.tb_next
    sys.__excepthook__(type(error), error.with_traceback(frames), frames)
    say({"error": {"cause": cause, "message": f"{type(error).__name__}: {error}"[:1000]}})
    leave(1)


def run_handler(entrypoint, job):
    try:
        output = call(load(entrypoint), json.load(sys.stdin), Soma(job))
    except SystemExit as error:
        leave(error.code if isinstance(error.code, int) else 0 if error.code is None else 1)
    except BaseException as error:
        fail_run("uncaught", error)
    try:
        say({"result": output})
    except (TypeError, ValueError, RecursionError) as error:
        fail_run("output_invalid", error)
    leave(0)
