"""A clock for a program that is not Python's: the machine's, and as far from it as is set here.

A library of a few lines, compiled here, stands before the system's own; without a compiler there is
no such clock.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static long long *offset;

__attribute__((constructor)) static void look(void) {
    int file = open(getenv("SERVER_CLOCK"), O_RDONLY);
    void *seen = mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
    if (seen != MAP_FAILED) offset = seen;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int code = real(clock, now);
    if (offset && clock == CLOCK_REALTIME) now->tv_sec += *offset;
    return code;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec found;
    int code = clock_gettime(CLOCK_REALTIME, &found);
    now->tv_sec = found.tv_sec, now->tv_usec = found.tv_nsec / 1000;
    return code;
}

time_t time(time_t *now) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (now) *now = found.tv_sec;
    return found.tv_sec;
}
"""


class ServerClock:
    """How far a server's clock is from the machine's."""

    def __init__(self, folder: Path) -> None:
        """Compiles the library; the server's user must be able to read `folder`."""
        self._file = folder / "offset"
        self._library = folder / "clock.so"
        self.set(0)
        self._file.chmod(0o644)
        source = folder / "clock.c"
        source.write_text(_SOURCE)
        command = ["gcc", "-shared", "-fPIC", "-o", str(self._library), str(source), "-ldl"]
        subprocess.run(command, check=True)

    @staticmethod
    def is_possible() -> bool:
        """Whether there is a compiler."""
        return shutil.which("gcc") is not None

    @property
    def environment(self) -> dict[str, str]:
        """Of a program that shall have this clock."""
        return {"LD_PRELOAD": str(self._library), "SERVER_CLOCK": str(self._file)}

    def set(self, offset_seconds: int) -> None:
        """Sets it, at once, for all that have it."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("=q", offset_seconds))
