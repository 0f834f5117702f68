"""Test ``GET /api/artifacts/<sprint>/<relpath>``: a sprint's files as text, whole or in part."""

import os

import pytest

from tests import studio

QA = "/api/artifacts/wk1/gates/qa"
BYTES = bytes(range(256)) * 1024  # more than one chunk


@pytest.fixture
def folder(store):
    """The folder of wk1, with a file of every byte; beside it that of wk10."""
    for name in ("wk1", "wk10"):
        (store.evidence_of(name) / "gates" / "qa").mkdir(parents=True)
        (store.evidence_of(name) / "gates" / "qa" / "out").write_bytes(BYTES)
    return store.evidence_of("wk1")


def test_a_file_is_text_that_no_browser_runs(call, folder):
    answer = call("GET", f"{QA}/out", by="viewer")

    assert (answer.status_code, answer.getvalue()) == (200, BYTES)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer["Content-Length"] == str(len(BYTES))
    assert "Content-Disposition" not in answer


def test_it_is_for_keeping_when_that_is_asked_for(call, folder):
    (folder / 'a"b\r\nX-Evil: 1;ü').write_text("x")

    answer = call("GET", "/api/artifacts/wk1/a%22b%0D%0AX-Evil:%201;%C3%BC?download=1")

    assert answer.getvalue() == b"x"
    name = "a%22b%0D%0AX-Evil%3A%201%3B%C3%BC"
    assert answer["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert "X-Evil" not in answer


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=262140-", 262140, 262144),
        ("bytes=-5", 262139, 262144),
        ("bytes=-999999999", 0, 262144),
        ("bytes=5-999999999", 5, 262144),
    ],
)
def test_a_part_is_given_when_one_is_asked_for(call, folder, asked, start, end):
    answer = call("GET", f"{QA}/out", Range=asked)

    assert (answer.status_code, answer.getvalue()) == (206, BYTES[start:end])
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{len(BYTES)}"
    assert answer["Content-Length"] == str(end - start)


@pytest.mark.parametrize(
    "asked",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "lines=0-1"),
        *("bytes=x-1", "bytes=--1", "bytes=0-1-2", f"bytes={'9' * 30}-", "bytes=\u0661-\u0662"),
    ],
)
def test_what_is_no_single_range_is_not_understood(call, folder, asked):
    answer = call("GET", f"{QA}/out", Range=asked)

    assert (answer.status_code, answer.getvalue()) == (200, BYTES)


def test_a_part_of_something_else_is_the_whole(call, folder):
    answer = call("GET", f"{QA}/out", Range="bytes=0-1", If_Range='"x"')

    assert (answer.status_code, answer.getvalue()) == (200, BYTES)


@pytest.mark.parametrize("asked", ["bytes=262144-", "bytes=999999-9999999", "bytes=-0"])
def test_a_part_that_is_not_there_is_416(call, folder, asked):
    answer = call("GET", f"{QA}/out", Range=asked)

    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */262144")
    assert answer.json() == {"error": "there are no such bytes"}


def test_an_empty_file_is_empty(call, folder):
    (folder / "empty").touch()

    answer = call("GET", "/api/artifacts/wk1/empty")

    assert (answer.status_code, answer.getvalue()) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "wk1/..%2f..%2fconfig.json",
        "wk1/%2e%2e/%2e%2e/config.json",
        "wk1/../../config.json",
        "wk1/gates/../../../config.json",
        "wk1/..%5c..%5cconfig.json",
        "wk1/%2fetc/hostname",
        "wk1//etc/hostname",
        "wk1/gates/qa/out%00",
        "wk1/%00",
        "wk1/%ff%fe",
        "wk1/gates/qa",
        "wk1/gates/qa/",
        "wk1/",
        "wk1",
        "",
        "wk/gates/qa/out",
        "wk1/../wk10/gates/qa/out",
        "wk1%2f..%2fwk10/gates/qa/out",
        "../config.json",
        "%2e%2e/config.json",
        "..%2fconfig.json",
        "./../config.json",
        "wk2/gates/qa/out",
        "wk1/link",
        "wk1/up/config.json",
        "wk1/pipe",
        "wk1/hard",
        "wk1/" + "x" * 5000,
        "wk1/%0a",
        "%0a/x",
        "wk1/gates/qa/out%0a",
    ],
)
def test_nothing_but_the_sprints_own_plain_files_is_there(call, folder, store, path):
    (folder / "link").symlink_to(store.config)
    (folder / "up").symlink_to(store.root)
    (folder / "hard").hardlink_to(store.config)
    os.mkfifo(folder / "pipe")
    before = studio.seq()

    answer = call("GET", f"/api/artifacts/{path}")

    assert answer.status_code == 404, answer
    assert {"error"} <= set(answer.json()) <= {"error", "code"}
    assert b"auth_token" not in answer.content
    assert studio.seq() == before
