"""Run commands in forked processes, which need not load anything first and so start quickly.

They are forked from a process that has loaded the gateway (``tests.warm``), and read the settings
of their own environment and folder. With ``STUDIO_TEST_FORKED=0`` each command starts a new Python
instead. What only a new Python shows is tested with ``subprocess``.
"""

import atexit
import json
import multiprocessing
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection, forkserver, reduction, resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

# Django and the queue have read these when they are loaded: such a command starts from nothing.
COLD = {"LD_PRELOAD", "STUDIO_GATEWAY_BROKER", "DJANGO_SETTINGS_MODULE"}
ON = hasattr(os, "fork") and os.environ.get("STUDIO_TEST_FORKED") != "0"


def begin() -> None:
    """Have the process there from which they are forked, before any test puts a mark on what it
    starts.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload(["tests.warm"])
    forkserver.ensure_running()


def pids() -> set[int | None]:
    """What ``begin`` has started: children of ours for as long as we live."""
    found = (
        getattr(forkserver._forkserver, "_forkserver_pid", None),
        getattr(resource_tracker._resource_tracker, "_pid", None),
    )
    return {*found}


def run(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: float
) -> tuple[int, str, str]:
    """``python -m ARGV`` there: its exit code, as ``subprocess`` tells it, and what it printed.
    Raises ``subprocess.TimeoutExpired``.
    """
    with (
        Path(os.devnull).open("rb") as nothing,
        tempfile.NamedTemporaryFile() as out,
        tempfile.NamedTemporaryFile() as err,
    ):
        process = _start(argv, str(cwd), env, [one.fileno() for one in (nothing, out, err)])
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired([*argv], timeout, _read(out.name), _read(err.name))
        return process.exitcode, _read(out.name).decode(), _read(err.name).decode()


# What a script on PATH starts: it hands its words, folder, environment and descriptors over.
CLIENT = """
import json, os, socket, sys
door = socket.socket(socket.AF_UNIX)
door.connect(sys.argv[1])
order = json.dumps([sys.argv[2:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(door, [len(order).to_bytes(4, "big")], [0, 1, 2])
door.sendall(order)
sys.exit(int(door.makefile().read()))
"""


@contextmanager
def served(folder: Path) -> Iterator[list[str]]:
    """Serve commands that a shell types, as ``run`` does. Gives the words that stand there for
    ``python -m``. No command outlives this.
    """
    client, place = folder / "client.py", folder / "door"
    client.write_text(CLIENT)
    running: list[BaseProcess] = []
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(place))
        door.listen()
        threading.Thread(target=_serve, args=(door, running), daemon=True).start()
        try:
            yield [sys.executable, "-I", "-S", str(client), str(place)]
        finally:
            door.shutdown(socket.SHUT_RDWR)
            for process in running:
                process.kill()


def _serve(door: socket.socket, running: list[BaseProcess]) -> None:
    with suppress(OSError):  # the door is shut
        while True:
            client, _ = door.accept()
            threading.Thread(target=_answer, args=(client, running), daemon=True).start()


def _answer(client: socket.socket, running: list[BaseProcess]) -> None:
    with client:
        size, descriptors, _, _ = socket.recv_fds(client, 4, 3)
        order = client.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
        argv, cwd, env = json.loads(order)
        try:
            process = _start(argv, cwd, env, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        running.append(process)
        if process.sentinel not in connection.wait([process.sentinel, client]):
            process.kill()  # as its client was: by kill -9, or with its shell
            return
        process.join()
        code = process.exitcode or 0
        client.sendall(str(code if code >= 0 else 128 - code).encode())  # as a shell tells it


class _Descriptor:
    """A descriptor of ours that the forked process gets."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Callable[..., int], tuple[Any]]:
        return _received, (reduction.DupFd(self.number),)


def _received(descriptor: Any) -> int:
    return int(descriptor.detach())


def _start(
    argv: Sequence[str], cwd: str, env: Mapping[str, str], descriptors: Sequence[int]
) -> BaseProcess:
    process = multiprocessing.get_context("forkserver").Process(
        target=_become, args=([*argv], cwd, dict(env), [_Descriptor(one) for one in descriptors])
    )
    process.start()
    return process


def _read(name: str) -> bytes:
    return Path(name).read_bytes()


def _become(argv: list[str], cwd: str, env: dict[str, str], descriptors: Sequence[int]) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    # Python has looked at the old ones: whether they are files or pipes.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as the process lives
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.path[:] = [cwd, *env["PYTHONPATH"].split(os.pathsep), *sys.path]
    sys.argv = [*argv]
    from tests import warm

    warm.refresh()
    try:
        runpy.run_module(argv[0], run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()
