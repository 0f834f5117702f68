"""Create .venv on a machine with Python 3.11+ and pip, then run a command in it.

Uses only the standard library. It must parse on Python 3.8, to report there in one line that the
Python version is too old.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME, DEV = "requirements.txt", "requirements-dev.txt"  # DEV includes RUNTIME
OLDEST_PIP = (22, 3)  # the first that installs into another environment
QUIETLY = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-user"]
ELSEWHERE = {"PIP_PREFIX", "PIP_ROOT", "PIP_TARGET", "PIP_USER"}  # where pip would install instead
PROMPT = "studio-gateway"  # in pyvenv.cfg, marks a .venv as ours

USAGE = """\
usage: python tools/bootstrap.py COMMAND [arguments]

  demo      run the demo sprint wk8_demo through rounds R0 to R5
  test      run the test suite; arguments go to pytest
  check     run all checks of CI; arguments go to tools/check.py
  install   install Studio Gateway into .venv; --dev adds the development tools

Each command first creates .venv in the project. A second run installs only what changed."""


class Stopped(Exception):
    """The command cannot continue; the message is one line with the next step."""


class Venv:
    """The environment in ``.venv``, with a stamp of what was installed completely."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / ".venv"
        self.bin = self.path / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.bin / ("python.exe" if os.name == "nt" else "python")
        self.config = self.path / "pyvenv.cfg"
        self.stamp = self.path / "studio-gateway.json"

    def ready(self, lock: str) -> bool:
        """Return whether the present ``lock`` is installed here for this interpreter."""
        return self._usable() and self._stamped().get(lock) == self._fingerprint(lock)

    def install(self, lock: str) -> None:
        """Install ``lock`` if needed. Raises ``Stopped``."""
        if self.ready(lock):
            return
        with one_at_a_time(self.root):
            if self.ready(lock):
                return
            begun = time.monotonic()
            print(f"installing {lock} into .venv, for Python {version()} ...", flush=True)
            if not self._usable():
                self._remake()
            self.stamp.unlink(missing_ok=True)
            locks = [RUNTIME, DEV] if lock == DEV else [lock]
            stamped = {name: self._fingerprint(name) for name in locks}
            pip = [*self._pip(), "install", *QUIETLY]
            run_pip([*pip, "--require-hashes", "-r", str(self.root / lock)])
            run_pip([*pip, "--no-deps", "--no-build-isolation", "-e", str(self.root)])
            self.stamp.write_text(json.dumps({"python": self._identity(), **stamped}, indent=1))
            print(f"installed in {time.monotonic() - begun:.0f} s", flush=True)

    def activate(self) -> None:
        """Put this environment first on PATH, as an activated shell does."""
        os.environ["PATH"] = os.pathsep.join([str(self.bin), os.environ.get("PATH", os.defpath)])
        os.environ["VIRTUAL_ENV"] = str(self.path)
        os.environ.pop("PYTHONHOME", None)
        # Tests start our commands by the hundred: without bytecode each compiles all its imports.
        if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
            os.environ["PYTHONPYCACHEPREFIX"] = str(self.path / "bytecode")

    def _usable(self) -> bool:
        return self.python.exists() and self._stamped().get("python") == self._identity()

    def _stamped(self) -> dict[str, str]:
        try:
            stamped = json.loads(self.stamp.read_text())
        except (OSError, ValueError):
            return {}
        return stamped if isinstance(stamped, dict) else {}

    def _identity(self) -> str:
        # An environment depends on its own folder and its interpreter.
        return f"{sys.version} {sys.base_prefix} {self.path}"

    def _fingerprint(self, lock: str) -> str:
        parts = [(self.root / name).read_bytes() for name in ("pyproject.toml", lock)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def _remake(self) -> None:
        try:
            from venv import EnvBuilder
        except ImportError:
            raise Stopped(
                "this Python has no venv module; install it: apt install python3-venv"
            ) from None
        if self.path.exists() and not self._made_here():
            raise Stopped("another tool created .venv; move it away, then run the command again")
        try:
            self.path.mkdir(exist_ok=True)
            for child in self.path.iterdir():
                if child != self.config:  # removed last, so that a broken .venv is still recognised
                    remove(child)
            self.config.write_text(f"prompt = {PROMPT!r}\n")
            EnvBuilder(symlinks=os.name != "nt", prompt=PROMPT).create(self.path)
        except (OSError, subprocess.CalledProcessError) as exc:
            raise Stopped(f"cannot create .venv: {exc}") from exc

    def _made_here(self) -> bool:
        with contextlib.suppress(OSError):
            return f"prompt = {PROMPT!r}" in self.config.read_text()
        return False

    def _pip(self) -> list[str]:
        if importlib.util.find_spec("pip") and pip_version() >= OLDEST_PIP:
            return [sys.executable, "-m", "pip", "--python", str(self.python)]
        if subprocess.call([str(self.python), "-m", "ensurepip"], stdout=subprocess.DEVNULL):
            raise Stopped(
                "this Python has no pip; install it: apt install python3-pip python3-venv"
            )
        return [str(self.python), "-m", "pip"]


def version() -> str:
    """Return the version of this interpreter: ``3.11.7``."""
    return ".".join(map(str, sys.version_info[:3]))


def pip_version() -> tuple[int, ...]:
    """Return the version of this interpreter's pip: ``(23, 2)``."""
    import pip

    return tuple(int(part) for part in pip.__version__.split(".")[:2])


def run_pip(argv: list[str]) -> None:
    """Run pip as the user's environment configures it. Raises ``Stopped`` where it fails."""
    env = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    # Away from the terminal's Ctrl-C, to which pip responds with a traceback.
    pip = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        code = pip.wait()
    except BaseException:
        if os.name == "nt":
            pip.kill()
        else:
            os.killpg(pip.pid, signal.SIGKILL)
        pip.wait()
        raise
    if code:
        raise Stopped(
            f"pip ended with exit code {code}; fix the problem, then run the command again"
        )


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Make a second run wait for the first one; without flock, it does not wait."""
    with (root / "pyproject.toml").open("rb") as held:
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def call(argv: list[str]) -> int:
    """Run ``argv`` on this terminal and return its exit code, 128 + n if signal n killed it.
    Ctrl-C is left to the program.
    """
    child: subprocess.Popen[bytes] | None = None

    def leave_it_to_the_child(signum: int, frame: object) -> None:
        if signum == signal.SIGTERM and child is not None:
            child.terminate()

    signals = (signal.SIGINT, signal.SIGTERM)
    before = {signum: signal.signal(signum, leave_it_to_the_child) for signum in signals}
    try:
        child = subprocess.Popen(argv, cwd=ROOT)
        code = child.wait()
    except OSError as exc:
        raise Stopped(f"cannot run {argv[0]}: {exc.strerror}") from exc
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
    return 128 - code if code < 0 else code


def demo(venv: Venv) -> int:
    """Run a sprint from start to end, as a person would type it; return its exit code."""
    os.environ.setdefault("STUDIO_GATEWAY_REPO", str(venv.root))

    def type_in(*words: str) -> int:
        print(f"\n$ studio-gateway {typed(*words)}", flush=True)
        return call([str(venv.python), "-m", "studio_gateway", *words])

    if code := type_in("init"):
        return code
    statuses = sprint_statuses(venv)
    sprint_id, ended = choose(statuses)
    if ended:
        print(
            f"\n{ended} has already ended ({statuses[ended]}); this run is {sprint_id}", flush=True
        )
    if sprint_id not in statuses and (
        code := type_in("sprint", "create", sprint_id, "--title", "Week 8 Demo")
    ):
        return code
    code = type_in("sprint", "run", sprint_id)
    type_in("sprint", "show", sprint_id)
    print(f"\n{last_word(sprint_id, code, venv.bin)}", flush=True)
    return code


def typed(*words: str) -> str:
    """Return ``words`` as a person types them in a shell."""
    return " ".join(f'"{word}"' if " " in word else word for word in words)


def sprint_statuses(venv: Venv) -> dict[str, str]:
    """Return the status of every sprint in the store, by id."""
    argv = [str(venv.python), "-m", "studio_gateway", "status", "--json"]
    said = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, check=False).stdout
    with contextlib.suppress(OSError, ValueError, KeyError):
        state = json.loads((Path(json.loads(said)["store_root"]) / "state.json").read_text("utf-8"))
        return {sprint_id: sprint["status"] for sprint_id, sprint in state["sprints"].items()}
    return {}


def choose(statuses: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the first demo sprint that has not ended, and the last one that has."""
    ended = None
    for n in itertools.count(1):
        sprint_id = "wk8_demo" if n == 1 else f"wk8_demo_{n}"
        if statuses.get(sprint_id, "created") in {"created", "running"}:
            break
        ended = sprint_id
    return sprint_id, ended


def last_word(sprint_id: str, code: int, folder: Path) -> str:
    """Return the result of the sprint and the next command to type."""
    gateway = typed(str(folder / "studio-gateway"))
    if code == 0:
        return f"{sprint_id} succeeded. Next, in your own repository, type:\n\n    {gateway} init"
    return (
        f"{sprint_id} ended with exit code {code}. Next, see why:\n\n    {gateway} events --tail 20"
    )


def main(argv: list[str], venv: Venv) -> int:
    """Run one command; return its exit code."""
    command, arguments = (argv[0], argv[1:]) if argv else ("help", [])
    if command in {"help", "-h", "--help"}:
        print(USAGE)
        return 0
    takes_any = command in {"test", "check"}
    if not takes_any and [command, *arguments] not in (["demo"], ["install"], ["install", "--dev"]):
        print(f"error: unknown command: {typed(*argv)}\n\n{USAGE}", file=sys.stderr)
        return 2
    try:
        venv.install(DEV if takes_any or arguments else RUNTIME)
        venv.activate()
        if command == "test":
            whole = [str(ROOT / "tools" / "suite.py")]
            return call([str(venv.python), *(["-m", "pytest", *arguments] if arguments else whole)])
        if command == "check":
            return call([str(venv.python), str(ROOT / "tools" / "check.py"), *arguments])
        if command == "demo":
            return demo(venv)
    except Stopped as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("error: interrupted; run the command again to continue", file=sys.stderr)
        return 130
    print(f"ready: {venv.bin / 'studio-gateway'}")
    return 0


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        have = ".".join(map(str, sys.version_info[:2]))
        sys.stderr.write(f"error: Studio Gateway needs Python 3.11 or newer, and this is {have}\n")
        sys.exit(2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main(sys.argv[1:], Venv(ROOT)))
