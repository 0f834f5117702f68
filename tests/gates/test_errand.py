"""A small program with bytes in and out: real programs, and what becomes of bad ones."""

import sys
import time

from gates import process


def test_bytes_go_in_and_come_out_unchanged_and_apart():
    text = "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d[::-1]); "
    program = [sys.executable, "-c", text + "sys.stderr.write('aside'); sys.exit(7)"]

    said = process.errand(program, timeout_s=20, given=b"\xff\0abc\n")

    assert said == process.Errand(7, b"\ncba\0\xff", b"aside")


def test_what_is_too_much_is_cut_and_that_is_said():
    said = process.errand(["head", "-c", "100", "/dev/zero"], timeout_s=20, most=10)

    assert (said.code, said.out, said.whole) == (0, b"\0" * 10, False)


def test_a_program_that_is_missing_or_hangs_has_a_code_and_a_reason():
    begun = time.monotonic()
    missing = process.errand(["absent"], timeout_s=5)
    hanging = process.errand(["sleep", "300"], timeout_s=0.3)

    assert (missing.code, missing.err) == (127, b"no such program: absent")
    assert (hanging.code, hanging.err) == (124, b"killed after 0.3 s")
    assert time.monotonic() - begun < 10
