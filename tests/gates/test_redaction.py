"""Test that no secret passes the filter, in any encoding or split, and that all else does."""

import base64
import json
import random
import re
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from gates.redaction import MARK, Filter, Redactor, forms, redactor
from gates.secret_shapes import SHAPES as SHAPES_SOUGHT
from gates.secret_values import in_environment, known

ROOT = Path(__file__).resolve().parents[2]
SECRET = "s3cret/Wörd+with%every=thing"
PEM = (
    b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n"
    + b"MIIEow\n" * 40
    + b"-----END RSA PRIVATE KEY-----"
)

ENCODED = {
    "plain": SECRET.encode(),
    "base64": base64.b64encode(SECRET.encode()),
    "base64 of a URL": base64.urlsafe_b64encode(SECRET.encode()),
    "base64 behind one byte": base64.b64encode(b"x" + SECRET.encode() + b"yz"),
    "base64 behind two bytes": base64.b64encode(b"xy" + SECRET.encode() + b"z"),
    "percent": quote(SECRET, safe="").encode(),
    "hex": SECRET.encode().hex().encode(),
    "HEX": SECRET.encode().hex().upper().encode(),
}

# What it looks like, and what is left of it.
SHAPES = {
    "GitHub": (b"ghp_" + b"aB3" * 12, MARK),
    "GitHub, of an app": (b"ghs_" + b"aB3" * 12, MARK),
    "GitHub, fine-grained": (b"github_pat_" + b"11AB_" * 16, MARK),
    "AWS": (b"AKIAIOSFODNN7EXAMPLE", MARK),
    "Slack": (b"xoxb-123456789012-abcdefghijkl", MARK),
    "OpenAI": (b"sk-" + b"aB3" * 16, MARK),
    "OpenAI, of a project": (b"sk-proj-" + b"a_B-3" * 10, MARK),
    "Anthropic": (b"sk-ant-api03-" + b"a_B-3" * 18, MARK),
    "ours": (b"sgw_0a1b2c3d_" + b"a_B-3x7" * 6 + b"Z", MARK),
    "a webhook's": (b"whsec_" + b"aB3/" * 8, MARK),
    "a private key": (PEM, MARK),
    "a header": (b"Authorization: Bearer abc.def-ghi", b"Authorization: Bearer " + MARK),
    "a header in JSON": (b'"authorization": "Basic dXNlcjpwdw=="', b'"authorization": "Basic %s"'),
    "a URL": (b"postgres://me:p:w!@db/x", b"postgres://me:%s@db/x"),
}


def passed(redactor: Redactor, *pieces: bytes) -> bytes:
    """What comes out when this goes in, piece by piece."""
    stream = Filter(redactor)
    return b"".join([stream.feed(piece) for piece in pieces] + [stream.end()])


@pytest.mark.parametrize("form", ENCODED)
def test_a_value_is_found_in_each_encoding_wherever_it_is_cut(form):
    text = b"before " + ENCODED[form] + b" after\n"
    ours = redactor((SECRET,))
    whole = passed(ours, text)

    cut = {passed(ours, text[:n], text[n:]) for n in range(len(text) + 1)}
    bytewise = passed(ours, *(text[n : n + 1] for n in range(len(text))))

    assert MARK in whole
    assert whole.startswith(b"before ")
    assert whole.endswith(b" after\n")
    assert len(whole) - len(b"before  after\n") <= len(MARK) + 6  # bits that neighbours share
    assert cut | {bytewise} == {whole}


@pytest.mark.parametrize("name", SHAPES)
def test_what_looks_like_a_secret_is_found_wherever_it_is_cut(name):
    secret, left = SHAPES[name]
    left = left.replace(b"%s", MARK)
    text = b"see: " + secret + b"\nthen\n"
    ours = redactor(())

    cut = {passed(ours, text[:n], text[n:]) for n in range(len(text) + 1)}

    assert cut == {b"see: " + left + b"\nthen\n"}


def test_pieces_make_no_difference_whatever_stands_side_by_side():
    dice = random.Random(4)
    ours = redactor((SECRET, "secretsecretX"))
    parts = [*ENCODED.values(), *(one for one, _ in SHAPES.values()), b"secretsecretX", b"\n", b" "]
    parts += [
        b"-----BEGIN ",
        b"sk-",
        b"g",
        b"s",
        b"://",
        b"@",
        bytes(range(256)),
        SECRET[:9].encode(),
    ]

    for _ in range(300):
        text = b"".join(dice.choices(parts, k=6))
        ends = sorted(dice.choices(range(len(text)), k=8))
        pieces = [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]

        assert passed(ours, *pieces) == passed(ours, text)


def test_nothing_else_is_touched():
    ours = redactor((SECRET,))
    sources = b"".join(path.read_bytes() for path in sorted(ROOT.glob("*/**/*.py"))[:200])
    prose = re.sub(rb"(?m)^.*(://|Bearer|sk-|PRIVATE KEY).*$", b"", sources)[: 1 << 20]
    noise = random.Random(1).randbytes(1 << 20)
    tame = (
        b"a task-management-system-for-everybody, the risk-assessment-of-it\n"
        b"http://localhost:8000/@me mailto:a@b https://host/path:x@y\n"
        b"authorization failed for 12345678\n-----BEGIN CERTIFICATE-----\nQUJD\n"
        b"----------------------- sgw_0a1b2c3d github_pattern xoxo sk-learn\n"
        b"tests/test_x.py ....s..x\r 50%\r 99%\n"
    )

    for text in (prose, noise, tame, bytes(1 << 20)):
        assert passed(ours, text[:99_999], text[99_999:]) == text


def test_no_word_that_tells_of_a_shape_hides_another():
    """The search goes on behind a word that it found."""
    words = [(word, shape) for shape in SHAPES_SOUGHT for word in shape.words]

    for word, shape in words:
        for other, of in words:
            hidden = [n for n in range(1, len(word)) if other.startswith(word[n : n + len(other)])]
            assert shape is of or not hidden, (word, other)


def test_values_that_overlap_are_all_found():
    """Whichever of them the search comes upon first."""
    ours = redactor(("abcdefgh-secret", "secret-ijklmnop", "abcdefgh-secret-i"))
    text = b"<abcdefgh-secret-ijklmnop> <abcdefgh-secret> <secret-ijklmnop>" * 5000

    assert b"secret" not in passed(ours, text)


def test_what_cannot_become_a_secret_is_not_kept_waiting():
    stream = Filter(redactor((SECRET,)))

    assert stream.feed(b"tests/test_x.py ......") == b"tests/test_x.py ......"
    assert stream.feed(b"token: s3cret/W") == b"token: "
    assert stream.feed(b"hatever\n") == b"s3cret/Whatever\n"


def test_no_more_is_held_than_a_private_key_may_have():
    stream = Filter(redactor(()))
    held = 0
    for _ in range(200):
        stream.feed(b"-----BEGIN PRIVATE KEY-----\n" if not held else b"QUJD" * 64)
        held = max(held, len(stream._block))

    assert held < 20_000


def test_most_of_a_secret_at_the_end_of_the_output_is_taken_out():
    ours = redactor((SECRET,))

    assert passed(ours, b"it is " + SECRET.encode()[:20]) == b"it is " + MARK
    assert passed(ours, b"it is " + SECRET.encode()[:10]) == b"it is " + SECRET.encode()[:10]


def test_a_value_that_is_a_common_word_is_none():
    assert Redactor(["true", "", "100000"]).forms == []
    assert forms(b"x" * 8) >= {b"x" * 8, b"78" * 8}


def test_texts_in_json_are_cleaned_and_keys_stay():
    ours = redactor((SECRET,))
    value = {SECRET: [SECRET, 1, None, {"a": f"<{SECRET}>"}], "b": True}

    assert ours.clean_json(value) == {
        SECRET: ["[redacted]", 1, None, {"a": "<[redacted]>"}],
        "b": True,
    }


def test_variables_that_are_named_like_a_secret_are_known(monkeypatch):
    env = {
        "GITHUB_TOKEN": "1-token",
        "aws_secret_access_key": "2-secret",
        "DB_PASSWORD": "3-password",
        "OPENAI_API_KEY": "4-key",
        "APIKEY": "5-key",
        "MY_PRIVATE_KEY": "6-key",
        "DATABASE_URL": "postgres://me:7-password@db/x",
        "STUDIO_GATEWAY_BROKER": "redis://:8-password@db/0",
        "DB_PASSWORD_FILE": "/run/no-secret",
        "PATH": "/no-secret",
        "HOME_PAGE": "https://no-secret/x@y",
    }
    monkeypatch.setenv("SOME_SECRET", "9-secret")

    assert [value[0] for value in in_environment(env)] == list("12345678")
    assert "9-secret" in known()
    assert {"9-secret", "3-password"} <= set(known(env))


def test_a_megabyte_passes_in_a_moment():
    ours = redactor(tuple(f"{SECRET}{n}" for n in range(4)))
    line = b"2026-11-24 12:00:00 INFO tests/x.py::test_something passed in 0.12 s: task-list\n"
    text = line * ((1 << 20) // len(line))
    passed(ours, text)

    begun = time.perf_counter()
    passed(ours, *(text[n : n + 65536] for n in range(0, len(text), 65536)))

    assert time.perf_counter() - begun < 1.0  # 0.01 s where nothing else runs


LINES = (
    'first "line" 0123456789/abc',
    "  zweite Zeile äöü\\9876543210",
    "tail",
    "third-line-zyxwvu",
)
OF_LINES = "\n".join(LINES)

PRINTED = {
    "whole": OF_LINES.encode(),
    "with a prefix": "".join(f"  | {line}\n" for line in LINES).encode(),
    "with CRLF": OF_LINES.replace("\n", "\r\n").encode(),
    "one line": LINES[3].encode(),
    "one line, indented": f"\t\t{LINES[1]}".encode(),
    "JSON": json.dumps({"k": OF_LINES}).encode(),
    "JSON without escapes": json.dumps({"k": OF_LINES}, ensure_ascii=False).encode(),
    "JSON with escaped slashes": json.dumps(OF_LINES).replace("/", "\\/").encode(),
    "one line in JSON": json.dumps(list(LINES)).encode(),
    "percent": quote(OF_LINES, safe="").encode(),
    "base64": base64.b64encode(OF_LINES.encode()),
    "base64 in lines": base64.encodebytes(OF_LINES.encode()),
    "base64 behind a byte": base64.b64encode(b"x" + OF_LINES.encode()),
    "hex": OF_LINES.encode().hex().encode(),
}


@pytest.fixture
def lines(monkeypatch) -> Redactor:
    """The redactor of a secret of several lines."""
    monkeypatch.setenv("DEPLOY_SECRET", OF_LINES)
    return redactor(known())


@pytest.mark.parametrize("way", PRINTED)
def test_a_secret_of_lines_is_found_however_it_is_printed_and_cut(lines, way):
    text = b"before " + PRINTED[way] + b" after\n"
    whole = passed(lines, text)

    cut = {passed(lines, text[:n], text[n:]) for n in range(len(text) + 1)}
    bytewise = passed(lines, *(text[n : n + 1] for n in range(len(text))))

    assert MARK in whole
    assert (whole[:7], whole[-7:]) == (b"before ", b" after\n")
    windows = [PRINTED[way][n : n + 16] for n in range(len(PRINTED[way]) - 15)]
    assert [window for window in windows if window in whole] == []
    assert cut | {bytewise} == {whole}


def test_a_cleaned_text_has_no_line_of_it_either(lines):
    text = f"x\n{LINES[0]}\ny: {json.dumps(LINES[1])}"

    assert lines.clean(text) == 'x\n[redacted]\ny: "  [redacted]"'


def test_short_lines_and_the_frame_of_a_certificate_stay(monkeypatch):
    frame = "-----BEGIN CERTIFICATE-----"
    monkeypatch.setenv("CA_SECRET", f"{frame}\nMIIBxjCCAW2gAwIBAgIUQ3Y\n}}\npassword\n")
    ours = redactor(known())
    text = f"{frame}\n}}\npassword\nMIIBxjCCAW2gAwIBAgIUQ3Y\n".encode()

    assert passed(ours, text) == f"{frame}\n}}\npassword\n[redacted]\n".encode()


def test_lines_in_any_order_and_pieces_make_no_difference(lines):
    dice = random.Random(17)
    parts = [*(one.encode() for one in LINES), *PRINTED.values(), b"\n", b" | ", b"\r\n"]
    parts += [LINES[0][:9].encode(), LINES[3][4:].encode()]

    for _ in range(200):
        text = b"".join(dice.choices(parts, k=6))
        ends = sorted(dice.choices(range(len(text)), k=8))
        pieces = [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]

        assert passed(lines, *pieces) == passed(lines, text)


def test_a_bundle_longer_than_any_form_is_found_by_its_lines(monkeypatch):
    dice = random.Random(5)
    bundle = [base64.b64encode(dice.randbytes(48)).decode() for _ in range(200)]
    monkeypatch.setenv("CA_SECRET", "\n".join(bundle))
    ours = redactor(known())
    text = "".join(f"{n}: {line}\n" for n, line in enumerate(bundle)).encode()

    said = passed(ours, text[:5000], text[5000:9000], text[9000:])

    assert said == "".join(f"{n}: [redacted]\n" for n in range(200)).encode()
