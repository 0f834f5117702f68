"""Test that no log line holds a token or a password, and that each entry is one line."""

import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from tests.e2e.test_serve import serve  # noqa: F401 (a fixture)
from tests.world import FOLDER

PASSWORD = "correct-horse-battery"
WRONG = "sgw_0a1b2c3d_" + "Wrong-token_0123456789" * 2


def test_tokens_and_passwords_are_in_no_log_wherever_they_were_put(gateway, serve):  # noqa: F811
    one = serve()
    token = one.token
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    address = f"http://127.0.0.1:{one.port}"

    def post(path: str, **fields: str) -> int:
        with browser.open(f"{address}/login/") as page:
            found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
        assert found is not None
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": found[1], **fields}).encode()
        try:
            with browser.open(address + path, body) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as exc:
            exc.close()
            return int(exc.code)

    for secret in (token, WRONG, PASSWORD):
        one.ask("/api/status", X_Studio_Gateway_Token=secret)
        one.ask("/nope", Authorization=f"Bearer {secret}")
        one.ask("/api/status", Cookie=f"sessionid={secret}", Referer=f"http://a/?t={secret}")
        one.ask(f"/api/{secret}?token={secret}", X_Studio_Gateway_Token=token)
        one.ask(f"/{secret}", "DELETE", X_Studio_Gateway_Token=secret)
        one.ask("/health", Host=f"{secret}.example")
        one.send(f"GARBAGE {secret}\r\n\r\n".encode())
        one.send(f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n{secret}\r\n\r\n".encode())
        assert post("/login/", username="owner", password=secret) == 401
        assert post(f"/login/?next={secret}", token=secret + "x", next=f"/?{secret}") == 401
    for secret in (token, WRONG):  # typed into the wrong field; a password would look like a name
        assert post("/login/", username=secret, password=PASSWORD) == 401
    config = gateway / FOLDER / "config.json"
    text = config.read_text()
    config.write_text("{" + text)  # what cannot be read is told, not shown
    assert one.ask("/api/status", X_Studio_Gateway_Token=token)[0] == 503
    config.write_text(text)

    assert one.stop() == 0

    said = one.out + one.err
    assert "config.json" in said  # what was said was caught
    for secret in (token, WRONG, PASSWORD, json.loads(text)["secret_key"]):
        for form in {secret, urllib.parse.quote(secret), secret.split("_")[-1]}:
            assert form not in said
            assert form not in told(gateway, but=config)


def told(repo: Path, but: Path) -> str:
    """All files of the store, as text."""
    files = [path for path in (repo / FOLDER).rglob("*") if path.is_file() and path != but]
    return "".join(path.read_bytes().decode("latin-1") for path in files)


def test_what_a_client_sends_makes_no_lines_and_no_colours_in_the_log(gateway, serve):  # noqa: F811
    one = serve("--no-workers")
    config = gateway / FOLDER / "config.json"
    text = config.read_text()
    evil = "%0d%0aERROR%20forged%1b[31m%00%c2%9b%e2%80%ae"
    config.write_text("{")

    one.ask(f"/api/status{evil}?{evil}", X_Studio_Gateway_Token="x")
    one.send(b"GET /a\x1b[31m\x07b HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: \x1b]0;t\x07\r\n\r\n")
    config.write_text(text)
    for path in (f"/nope{evil}", f"/login/{evil}", f"/admin/{evil}"):
        one.ask(path, X_Studio_Gateway_Token=one.token)

    assert one.stop() == 0
    said = one.out + one.err
    assert not [line for line in said.splitlines() if line.startswith("ERROR forged")]
    assert not {"\x1b", "\x00", "\x07", "\r", "\x9b", "\u202e"} & set(said)
