"""Serve a sprint's evidence as text that no browser runs, whole or in part."""

import io
import os
import re
from typing import BinaryIO
from urllib.parse import quote

from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.urls import register_converter
from ninja import Router
from ninja.params.functions import Path, Query

from sprints import queries
from sprints.store.evidence import open_evidence
from sprints.views.api.documented import noes
from sprints.views.request import Request
from sprints.views.responses import refuse

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Accept-Ranges": "bytes",
}
PLAIN = {"content": {"text/plain; charset=utf-8": {"schema": {"type": "string"}}}}
IN_PART = {
    "parameters": [
        {
            "in": "header",
            "name": "Range",
            "required": False,
            "schema": {"type": "string"},
            "description": "One range of bytes: `bytes=0-999`, `bytes=1000-`, `bytes=-1000`.",
        }
    ],
    "responses": {
        200: {"description": "The file", **PLAIN},
        206: {"description": "The part of it that was asked for", **PLAIN},
    },
}

router = Router()


class RelPath:
    """A path converter for any text, newlines included; the view checks the path."""

    regex = r"(?s:.+)"

    def to_python(self, value: str) -> str:
        """Return the text unchanged."""
        return value

    def to_url(self, value: str) -> str:
        """Return the text unchanged."""
        return value


register_converter(RelPath, "relpath")


@router.get(
    "/artifacts/{sprint_id}/{relpath:relpath}",
    response=noes(404, 416, 422),
    operation_id="artifact",
    openapi_extra=IN_PART,
)
def artifact(
    request: Request,
    sprint_id: str,
    relpath: str = Path(..., description="As in `gates/qa_smoke_quick/stdout.txt`."),
    download: bool = Query(False, description="1: for the browser to keep, not to show."),
) -> HttpResponseBase:
    """Return a file of the sprint's folder, byte for byte."""
    try:
        file = open_evidence(sprint_id, relpath)
    except FileNotFoundError:
        raise queries.Unknown("no such file") from None
    size = os.fstat(file.fileno()).st_size
    asked = request.headers.get("Range", "")
    part = None if "If-Range" in request.headers else _part(asked, size)
    start, end = part if part else (0, size)
    headers = HEADERS | {"Content-Length": str(end - start)}
    if download:
        name = quote(relpath.rsplit("/", 1)[-1], safe="")
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    if part and start >= end:
        file.close()
        return refuse(416, "there are no such bytes", **{"Content-Range": f"bytes */{size}"})
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response = FileResponse(
        Part(file, start, end),
        status=206 if part else 200,
        content_type="text/plain; charset=utf-8",
    )
    for header, value in headers.items():
        response[header] = value
    return response


class Part(io.RawIOBase):
    """The bytes from ``start`` to ``end`` of a file, as a file; it may grow meanwhile.

    The web server reads it while it sends, so that no thread waits for a slow client.
    """

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        super().__init__()
        self._file, self._start, self._size, self._at = file, start, end - start, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position, counted from ``start``."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position counted from ``start``, from here, or from the end; return it."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as there are bytes; return how many."""
        self._file.seek(self._start + self._at)
        found = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """Return the first byte and the end of the requested range; None for the whole file.

    The range is empty if no such bytes exist. An unsupported range counts as the whole file.
    """
    found = RANGE.fullmatch(asked.strip().replace(" ", ""))
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(size, int(last) + 1) if last else size
