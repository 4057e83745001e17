"""
The process that is forked: loads modules, then becomes whatever it is asked for, as often as it is asked.

    python parent.py SOCKET MODULE…

A message is JSON, and three descriptors: input, output and complaints. The answer is the number of a process whose
parent is the one that asked, since the one in between ends at once and who asks takes in orphans meanwhile.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import resource
import runpy
import signal
import socket
import sys
import time
from io import BufferedReader, BufferedWriter, FileIO, TextIOWrapper
from typing import Any

LONGEST = 1 << 17
"""Bytes of a message."""

NEW_MOUNTS = 0x00020000
"""CLONE_NEWNS."""


def main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    for module in sys.argv[2:]:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    while True:
        said, descriptors, _, _ = socket.recv_fds(channel, LONGEST, 3)
        if not said:
            return
        number = fork_apart()
        if not number:
            channel.close()
            become(json.loads(said), descriptors)
            return
        for one in descriptors:
            os.close(one)
        channel.send(str(number).encode())


def fork_apart() -> int:
    """Start a process that is no child of this one; returns its number, and 0 in it."""
    reading, writing = os.pipe()
    between = os.fork()
    if between:
        os.close(writing)
        number = int(os.read(reading, 20))
        os.close(reading)
        os.waitpid(between, 0)
        return number
    os.close(reading)
    mine = os.getpid()
    number = os.fork()
    if number:
        os.write(writing, str(number).encode())
        os._exit(0)
    os.close(writing)
    while os.getppid() == mine:
        time.sleep(0.0005)
    return 0


def become(wanted: dict[str, Any], descriptors: list[int]) -> None:
    """Run a program as if it had just been started."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if wanted["session"]:
        os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(wanted["folder"])
    environ: dict[str, str] = wanted["environ"]
    os.environ.clear()
    os.environ.update(environ)
    prepare(wanted["limits"], wanted["mounts"])
    set_up_streams(environ)
    given = [path for path in environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    installed = [path for path in sys.path[1:] if path not in sys.argv and path not in given]
    name, *words = wanted["command"]
    if name == "-m":
        module, *words = words
        sys.argv[:] = [module, *words]
        sys.path[:] = [os.getcwd(), *given, *installed]
        sys.modules.pop(module, None)
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv[:] = [name, *words]
        sys.path[:] = [os.path.dirname(os.path.abspath(name)), *given, *installed]
        runpy.run_path(name, run_name="__main__")


def prepare(limits: list[tuple[int, int]], mounts: list[str]) -> None:
    """
    Bound a process that has not begun yet, and give it a view of its own of the file system.

    Args:
        limits: Of :mod:`resource`, and the most of each.
        mounts: Shell commands of a superuser, whose mounts nobody else sees.
    """
    if mounts:
        if ctypes.CDLL(None).unshare(NEW_MOUNTS):
            raise PermissionError("nobody may mount here")
        for command in ("mount --make-rprivate /", *mounts):
            if os.system(command):
                raise OSError(command)
    for what, most in limits:
        resource.setrlimit(what, (most, most))


def set_up_streams(environ: dict[str, str]) -> None:
    """As Python does when it starts."""
    encoding, _, errors = environ.get("PYTHONIOENCODING", "").partition(":")
    encoding, unbuffered = encoding or sys.stdout.encoding, bool(environ.get("PYTHONUNBUFFERED"))
    told: dict[str, Any] = {"encoding": encoding, "errors": errors or sys.stdout.errors}
    written: dict[str, Any] = {"newline": "\n", "write_through": unbuffered}
    sys.stdin = TextIOWrapper(BufferedReader(FileIO(0, closefd=False)), **told)
    sys.stdout = TextIOWrapper(BufferedWriter(FileIO(1, "wb", closefd=False)), **told, **written)
    complaints = BufferedWriter(FileIO(2, "wb", closefd=False))
    sys.stderr = TextIOWrapper(complaints, encoding=encoding, errors="backslashreplace", line_buffering=True, **written)
    vars(sys).update(__stdin__=sys.stdin, __stdout__=sys.stdout, __stderr__=sys.stderr)


if __name__ == "__main__":
    main()
