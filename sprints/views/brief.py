"""Render a brief: Markdown without scripts and without external content."""

from functools import cache

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

TAGS = nh3.ALLOWED_TAGS - {"img", "map", "area"}
LONGEST = 200_000  # characters; a longer one is shown as plain text


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def brief_html(text: str) -> SafeString | None:
    """Return the brief as HTML; None if it is too long and is to be shown as text."""
    if len(text) > LONGEST:
        return None
    html = _markdown().render(text)
    return SafeString(nh3.clean(html, tags=TAGS, url_schemes={"http", "https", "mailto"}))
