"""Run gates on Windows, as a fallback that was never tried on Windows.

There is no supervisor. A gate has a process group and is ended by ``taskkill /T /F``, without
grace. It outlives a worker that is killed, and so do processes that left its tree: there is no
sandbox. Secrets are removed from its output after it has ended.
"""

import errno
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from gates.execution import COOKIE, Completed, Ending, Spec, Stop
from gates.redaction import Filter, redactor

POLL_S = 0.05
CREATE_NEW_PROCESS_GROUP = 0x200
NO_SANDBOX = "only Linux has a sandbox"


class Child(Protocol):
    """The part of ``subprocess.Popen`` that this module uses."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code; None while the process runs."""


def attend(
    spec: Spec,
    spawn: Callable[..., Child],
    kill_tree: Callable[[int], object],
    tick: Callable[[], Stop | None] | None,
    tick_s: float,
) -> Completed:
    """Run a gate to its end.

    Raises ``OSError`` if its outputs cannot be opened, or if a sandbox is required.
    """
    if spec.sandbox and spec.sandbox.required:
        raise OSError(errno.ENOSYS, f"the sandbox is required, and {NO_SANDBOX}")
    ending: Ending = "exited"
    why = ""
    begun, started_at = time.monotonic(), time.time()
    tick_at = begun + tick_s
    paths = [spec.run_dir / "stdout.txt", spec.run_dir / "stderr.txt"]
    with (
        (spec.stdin or Path(os.devnull)).open("rb") as given,
        paths[0].open("wb") as out,
        paths[1].open("wb") as err,
    ):
        try:
            child = spawn(
                spec.argv,
                cwd=spec.cwd,
                env={**spec.env, COOKIE: spec.run_id},
                stdin=given,
                stdout=out,
                stderr=err,
                creationflags=CREATE_NEW_PROCESS_GROUP,
            )
        except FileNotFoundError:
            ending, code, why = "missing", 127, f"no such program: {spec.argv[0]}"
        except OSError as exc:
            ending, code, why = "not_executable", 126, f"not executable: {exc.strerror}"
        else:
            try:
                while (ended := child.poll()) is None:
                    now = time.monotonic()
                    if tick and now >= tick_at:
                        tick_at = now + tick_s
                        if stop := tick():
                            ending = "idle" if stop.idle else "stopped"
                            why = f"{stop.reason}; stopped"
                    if now >= begun + spec.timeout_s:
                        ending, why = "timed_out", f"stopped after {spec.timeout_s:.1f} s"
                    elif sum(path.stat().st_size for path in paths) > spec.cap_bytes:
                        ending, why = "too_loud", f"printed more than {spec.cap_bytes} bytes"
                    if why:
                        kill_tree(child.pid)
                    time.sleep(POLL_S)
            except BaseException:
                kill_tree(child.pid)
                raise
            code = ended
    for path in paths:
        passing = Filter(redactor(spec.secrets))
        path.write_bytes(passing.feed(path.read_bytes()) + passing.end())
    done = Completed(
        ending=ending,
        exit_code=code,
        reason=why or f"exit code {code}",
        duration_s=time.monotonic() - begun,
        stdout_bytes=paths[0].stat().st_size,
        stderr_bytes=paths[1].stat().st_size,
        dropped_bytes=0,
        strays_killed=0,
        confined=False,
        started_at=started_at,
        finished_at=time.time(),
        sandbox=f"unavailable: {NO_SANDBOX}" if spec.sandbox else "off",
    )
    result = json.dumps({**asdict(done), "token": spec.token, "run_id": spec.run_id})
    (spec.run_dir / "result.json").write_text(result, "utf-8")
    return done
