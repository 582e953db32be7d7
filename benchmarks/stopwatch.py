"""Modules, a program -> the program, run after its libraries; when that was is written down.

    python stopwatch.py STAMP MODULES PROGRAM [ARGUMENT ...]

So a run and its start-up are measured in one process, however busy the machine is at the time. It
runs under the peers' interpreters, so it needs nothing. A program is a path or a module's name.
"""

import importlib
import runpy
import sys
import time


def main() -> None:
    """Loads the libraries, notes the time, becomes the program."""
    stamp, modules, program = sys.argv[1:4]
    for name in modules.split(","):
        importlib.import_module(name)
    with open(stamp, "w", encoding="ascii") as file:
        file.write(f"{time.monotonic()} {time.process_time()}")
    sys.argv = [program, *sys.argv[4:]]
    if program.endswith(".py"):
        sys.path.pop(0)
        runpy.run_path(program, run_name="__main__")
    else:
        sys.path[0] = ""
        runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
