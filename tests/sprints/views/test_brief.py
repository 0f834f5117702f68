"""Test that a brief is rendered as Markdown without scripts and without external content."""

import pytest

from sprints.views.brief import LONGEST, brief_html


def test_markdown_is_set():
    html = brief_html("# Goal\n\n- one `code`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")

    assert html is not None
    assert "<h1>Goal</h1>" in html
    assert "<li>one <code>code</code></li>" in html
    assert "<td>1</td>" in html


@pytest.mark.parametrize(
    ("brief", "never"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("![x](http://evil.example/x.png)", "<img"),
        ("[x](javascript:alert(1))", "href"),
        ("[x](data:text/html;base64,xx)", "href"),
        ("<b onclick=x>", "<b"),
        ('[x](http://a "\\" onmouseover=alert(1)")', '<a href="http://a" onmouse'),
        ("<style>*{display:none}</style>", "<style"),
    ],
)
def test_nothing_in_it_acts(brief, never):
    html = brief_html(brief)

    assert html is not None
    assert never not in html


def test_a_book_is_shown_as_it_is():
    assert brief_html("x" * (LONGEST + 1)) is None
