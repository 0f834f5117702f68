"""Start one program as a gate: in its own session, with none of our files but the two outputs.

Part of the supervisor, so it imports nothing slow.
"""
# ruff: noqa: PTH110, PTH112, PTH118

import _socket
import ctypes
import errno
import os
import signal
import sys
import warnings  # noqa: F401 - for execvpe, which would import it in the child
from contextlib import suppress
from typing import Any

from gates.supervision import landlock, namespace

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36


def prctl(option: int, value: int) -> bool:
    """Set an option of this process on Linux; return False if it is not supported."""
    if sys.platform != "linux":
        return False
    try:
        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


class Launch:
    """A child that waits for ``go`` and then becomes the program.

    ``argv``, ``cwd``, ``env`` and the path ``stdin`` are bytes; ``rules`` are those of a sandbox,
    ``cut`` is how the program is cut off from the network, and ``files`` are what that gave.
    Raises ``OSError`` if no child can be started, or none that is cut off.
    """

    def __init__(
        self,
        argv: list[bytes],
        cwd: bytes,
        env: dict[bytes, bytes],
        stdin: bytes,
        outputs: tuple[int, int],
        rules: int | None = None,
        cut: namespace.Cut | None = None,
    ) -> None:
        self.argv, self.cwd, self.env, self.stdin = argv, cwd, env, stdin
        self.cut = cut
        us = os.getpid()
        wait, self._go = os.pipe()
        self._fault, fault = os.pipe()
        ours, theirs = _socket.socketpair()
        # Our signal handlers must not run in the child.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self.pid = os.fork()
            if self.pid == 0:
                os.close(self._go)
                ours.close()
                self._leave_network(cut, theirs.fileno())
                self._become(us, wait, fault, outputs, rules)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        os.close(wait)
        os.close(fault)
        theirs.close()
        try:
            self.files = namespace.receive(ours.fileno()) if cut else []
        except OSError:
            self._give_up()
            raise
        finally:
            ours.close()

    def _give_up(self) -> None:
        """End a child that became no program."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._go)
        os.close(self._fault)

    def go(self) -> None:
        """Let the child become the program."""
        with suppress(BrokenPipeError):  # the child may have been killed already
            os.write(self._go, b"g")
        os.close(self._go)

    def fault(self) -> tuple[str, int | None, str] | None:
        """Return ending, exit code and reason if the program could not start; None if it did.

        Call this once, after the child has ended.
        """
        said = os.read(self._fault, 64)
        os.close(self._fault)
        if not said:
            return None
        step, number = said.split()
        if step == b"exec":
            return self._unrunnable(int(number))
        faults = {
            b"stdin": f"cannot read {shown(self.stdin)}",
            b"chdir": f"cannot enter {shown(self.cwd)}",
            b"confine": "cannot confine it",
        }
        fault = faults.get(step, "cannot start a process")
        return "error", None, f"{fault}: {os.strerror(int(number))}"

    def _leave_network(self, cut: namespace.Cut | None, channel: int) -> None:
        """Cut the child off, and hand our side what it left; end the child if it cannot be."""
        if cut is None:
            return
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        try:
            namespace.hand_over(channel, cut.enter(self.env))
        except OSError as exc:
            namespace.give_up(channel, exc)
            os._exit(127)
        except BaseException:
            os._exit(127)

    def _become(
        self, parent: int, wait: int, fault: int, outputs: tuple[int, int], rules: int | None
    ) -> None:
        step = "start"
        try:
            os.setsid()
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent or not os.read(wait, 1):
                os._exit(127)  # the supervisor was killed before this line
            step = "stdin"
            given = os.open(self.stdin, os.O_RDONLY)
            for number, descriptor in enumerate((given, *outputs)):
                os.dup2(descriptor, number)
            for signum in signal.valid_signals():
                if signal.getsignal(signum) not in (signal.SIG_DFL, None):
                    signal.signal(signum, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            step = "chdir"
            os.chdir(self.cwd)
            step = "confine"
            if rules is not None:
                landlock.enter(rules)
            step = "exec"
            os.execvpe(self.argv[0], self.argv, self.env)  # noqa: S606 - a shell is not wanted
        except OSError as exc:
            os.write(fault, f"{step} {exc.errno}".encode())
        finally:
            os._exit(127)

    def _unrunnable(self, number: int) -> tuple[str, int | None, str]:
        name = shown(self.argv[0])
        found = self._found()
        if number in _MISSING and not found:
            return "missing", 127, f"no such program: {name}"
        if found and os.path.isdir(found):
            return "not_executable", 126, f"not executable: {name} is a directory"
        if number in (errno.ENOENT, errno.ENOTDIR):
            return "not_executable", 126, f"not executable: the interpreter of {name} is missing"
        if number == errno.ENOEXEC:
            return "not_executable", 126, f"not executable: {name} has no #! line"
        if number in (errno.EACCES, errno.EPERM):
            return "not_executable", 126, f"not executable: {name}"
        return "error", None, f"cannot start {name}: {os.strerror(number)}"

    def _found(self) -> bytes | None:
        name = self.argv[0]
        path = self.env.get(b"PATH", os.fsencode(os.defpath))
        folders = [b""] if b"/" in name else path.split(b":")
        places = [os.path.join(self.cwd, folder, name) for folder in folders]
        return next((place for place in places if os.path.exists(place)), None)


def cut_off(sandbox: dict[str, Any] | None, **what: Any) -> tuple[Launch, str]:
    """Launch a program, cut off from the network by the best means that works here.

    Returns also the means, in words for the evidence. Raises ``OSError``, also if none works and
    the sandbox is required.
    """
    if sandbox is None:
        return Launch(**what), ""
    network, faults = sandbox["network"], []
    for cut in namespace.cuts(network):
        try:
            return Launch(**what, cut=cut), namespace.told(network, cut.how)
        except OSError as exc:
            faults.append(f"{cut.how}: {exc.strerror}")
    why = ", ".join(faults)
    if why and sandbox["required"]:
        raise OSError(errno.EPERM, f"the sandbox is required, and its network is open ({why})")
    return Launch(**what), namespace.told(network, namespace.OPEN, why)


_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG}


def shown(name: bytes) -> str:
    """Return a name as printable text in one line of at most 201 characters."""
    text = name.decode(errors="replace")
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= 200 else text[:200] + "…"
