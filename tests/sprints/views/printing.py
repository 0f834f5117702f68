"""Provide gates that print, each as one command."""

import sys
from pathlib import Path

LOUD = r"""
import sys
for n in range(1, 5001):
    print(f"test_{n} \x1b[32mPASSED\x1b[0m")
print("\x1b[31mE       AssertionError: assert 4 >= 6\x1b[0m")
print("<script>alert(1)</script> \x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\")
for n in range(101):
    print(f"\rprogress {n}%", end="")
print()
sys.stdout.flush()
sys.stdout.buffer.write(b"binary \xff\xfe\x00\x01\n1 failed, no newline")
print("a warning", file=sys.stderr)
sys.exit(3)
"""


def prints(repo: Path, program: str) -> tuple[str, ...]:
    """The command of a gate that runs this Python."""
    path = repo / "gate_program.py"
    path.write_text(program)
    return (sys.executable, str(path))
