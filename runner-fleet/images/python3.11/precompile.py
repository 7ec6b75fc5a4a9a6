"""Compiles the standard library once, so that a start on a read-only root only loads it."""

import compileall
import py_compile
import re
import sys
import sysconfig

UNUSED = re.compile(r"/(test|tests|idlelib|lib2to3|turtledemo|ensurepip|tkinter|pydoc_data)/")

is_compiled = all(
    compileall.compile_dir(
        directory,
        quiet=1,
        rx=UNUSED,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    for directory in (sysconfig.get_path("stdlib"), "/usr/lib/soma")
)
sys.exit(0 if is_compiled else 1)
