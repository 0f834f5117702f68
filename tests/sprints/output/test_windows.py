"""Test that the windows of a file, joined as the page joins them, give the file once."""

import io
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprints.output import windows
from sprints.output.rows import rows, texts

WORDS = [b"a", b"ab cd", b"\n", b"<b>", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80"]
CONTROLS = [b"\r", b"\r\n", b"\0", b"\x1b[31m", b"\x1b[0m", b"\x1b[K", b"\x1b]8;;http://x\x1b\\"]
BROKEN = [b"\x1b", b"\x1b[", b"\xff", b"\xe2\x82", b"\x80"]
BITS = st.sampled_from([*WORDS, *CONTROLS, *BROKEN])
FILES = st.lists(BITS, max_size=60).map(b"".join)


class Reader:
    """Does what the page's script does: it appends, and overwrites only the line that goes on."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ids: list[str] = []
        self.at = 0
        self.number: int | None = None

    def take(self, window: windows.Window) -> None:
        assert window.start == self.at
        got = rows(window, "stdout")
        self.put(got.more, got.html, clears=got.clears)
        self.at, self.number = window.end, got.number

    def put(self, more: str, html: str, *, clears: bool) -> None:
        plain = re.sub(r"</?(?:span|em)[^>]*>", "", more)
        if clears:
            self.lines[-1] = plain
        elif plain:
            self.lines[-1] += plain
        for name, code in re.findall(r'id="([^"]+)".*?<code>(.*?)</code>', html, re.DOTALL):
            self.ids.append(name)
            self.lines.append(re.sub(r"</?(?:span|em)[^>]*>", "", code))


def whole(data: bytes) -> list[str]:
    """What a reader of the finished file sees, escaped as a page has it."""
    from django.utils.html import escape

    lines = texts(data)
    return [
        str(escape(line))
        for line in (lines if lines[-1] or not data.endswith(b"\n") else lines[:-1])
    ]


@given(FILES, st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(24, 60))
def test_windows_of_a_growing_file_give_its_text_once(data, steps, most):
    reader, written = Reader(), 0

    for step in steps:
        written = min(len(data), written + step)
        file = io.BytesIO(data[:written])
        reader.take(windows.following(file, reader.at, over=False, number=reader.number, most=most))
    while reader.at < len(data):
        before = reader.at
        reader.take(
            windows.following(io.BytesIO(data), before, over=True, number=reader.number, most=most)
        )
        assert reader.at > before

    assert reader.lines == (whole(data) if data else [])
    assert reader.ids == [f"stdout-L{n}" for n in range(1, len(reader.ids) + 1)]


@given(FILES, st.integers(1, 5))
def test_going_back_window_by_window_reaches_the_first_byte(data, lines):
    file, parts, at = io.BytesIO(data), [], len(data)

    while at > 0:
        window = windows.preceding(file, at, lines=lines)
        assert window.end == at
        parts.insert(0, window.data)
        at = window.start

    assert b"".join(parts) == data
    assert all(part.rstrip(b"\n").count(b"\n") < lines + 1 for part in parts)


def test_a_tail_has_the_last_thousand_lines_and_their_numbers():
    file = io.BytesIO(b"".join(b"line %d\n" % n for n in range(1, 5001)))

    window = windows.tail(file, over=True)
    html = rows(window, "stderr").html

    assert window.number == 4001
    assert html.count("<div") == 1000
    assert html.startswith(
        '<div class="ln" id="stderr-L4001"><a href="#stderr-L4001">4001</a><code>line 4001<'
    )


def test_a_last_line_without_its_newline_is_a_line():
    window = windows.tail(io.BytesIO(b"one\ntwo"), over=True, lines=1)

    assert (window.data, window.number) == (b"two", 2)


def test_lines_about_a_number_are_found_and_others_are_not():
    file = io.BytesIO(b"".join(b"%d\n" % n for n in range(1, 1001)))

    window = windows.around(file, 700, over=True, before=10)

    assert window is not None
    assert (window.number, window.data[:8]) == (690, b"690\n691\n")
    assert windows.around(file, 1002, over=True, before=0) is None
    assert windows.around(file, 5000, over=True) is None


def test_far_in_a_large_file_lines_are_named_by_their_bytes():
    file = io.BytesIO(b"\n" * windows.MOST_COUNTED + b"x\n" * 3000)

    window = windows.tail(file, over=True, lines=2)
    got = rows(window, "stdout")

    assert window.number is None
    assert f'id="stdout-B{window.start}"' in got.html
    assert windows.offset_of(file, windows.MOST_COUNTED + 1000) is None


def test_the_end_of_a_file_of_a_gigabyte_is_there_at_once(tmp_path):
    path = tmp_path / "stdout.txt"
    with path.open("wb") as file:
        file.truncate(1 << 30)
        file.seek(0, 2)
        file.write(b"\nlast\n")

    began = time.monotonic()
    with path.open("rb") as file:
        window = windows.tail(file, over=True)

    assert rows(window, "stdout").html.endswith("<code>last</code></div>")
    assert time.monotonic() - began < 0.5
    assert len(window.data) <= windows.MOST_BYTES


@pytest.mark.parametrize("start", [-5, 0, 3, 10**12])
def test_any_place_may_be_asked_for(start):
    window = windows.following(io.BytesIO(b"abc\n"), start, over=True)

    assert 0 <= window.start <= 4
    assert window.end == 4
