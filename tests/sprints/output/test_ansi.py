"""Test the classes of coloured terminal output."""

import io

import pytest

from sprints.output import windows
from sprints.output.ansi import MOST_SHOWN, Line
from sprints.output.rows import rows


def shown(data: bytes) -> str:
    return rows(windows.tail(io.BytesIO(data), over=True), "stdout").html


def code(data: bytes) -> str:
    return shown(data).split("<code>")[1].split("</code>")[0]


@pytest.mark.parametrize(
    ("printed", "html"),
    [
        (b"\x1b[31mred\x1b[0m plain", '<span class="f1">red</span> plain'),
        (b"\x1b[1;92mok\x1b[m", '<span class="f10 bold">ok</span>'),
        (b"\x1b[38;5;196mx", '<span class="f9">x</span>'),
        (b"\x1b[38;2;0;200;0mx", '<span class="f2">x</span>'),
        (b"\x1b[48:5:4mx", '<span class="b4">x</span>'),
        (b"\x1b[38;5mx\x1b[38;2;1mx\x1b[99999999999mx", "xxx"),
        (b"a\x1b[2J\x1b[10;10Hb\x1b[?25l", "ab"),
        (b"\x1b]8;;http://evil/\x1b\\link\x1b]8;;\x07!", "link!"),
        (b"\x1b]0;title", ""),
        (b"\x1b(Bx\x1b=y\x1b", "xy"),
        (b"10%\r55%\r100%\r\n", "100%"),
        (b"10%\r\x1b[K\n", ""),
        (b"\x1b[32m10%\r\x1b[0mdone", "done"),
        (b"a\0b\x08c\x9b", "abc\ufffd"),
        (b"\xff\xfe\xe2\x82", "\ufffd\ufffd\ufffd"),
        (b"<script>alert('x')</script>&", "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;"),
        (b'\x1b[1m"onload="', '<span class="bold">&quot;onload=&quot;</span>'),
        (b"a\tb", "a\tb"),
    ],
)
def test_control_sequences_become_classes_or_nothing(printed, html):
    assert code(printed) == html


def test_ink_lasts_over_lines_until_it_is_changed():
    assert shown(b"\x1b[33ma\nb\n\x1b[0mc\n").count('<span class="f3">') == 2


def test_ink_from_before_the_window_holds_in_it():
    window = windows.tail(io.BytesIO(b"\x1b[31mone\ntwo\nthree\n"), over=True, lines=1)

    assert '<span class="f1">three</span>' in rows(window, "stdout").html


def test_a_very_long_line_is_folded_once_however_it_arrives():
    data = b"y" * 100_000 + b"\nnext\n"
    file = io.BytesIO(data)
    parts, at = [], 0
    while at < len(data):
        window = windows.following(file, at, over=True, most=4096)
        got = rows(window, "stdout")
        parts += [got.more, got.html]
        at = window.end

    html = "".join(parts)

    assert html.count("y") == MOST_SHOWN
    assert html.count("the rest of this line") == 1
    assert "<code>next</code>" in html


def test_a_line_is_read_piece_by_piece():
    line = Line()
    for piece in ("10%", "\r", "2", "0%"):
        line.read(piece)

    assert (line.text, line.cleared) == ("20%", True)
