"""Test both exposure profiles: this machine only, and behind a proxy with TLS."""

import contextlib
import http.client
import re

import pytest

from gateway_project import exposure
from tests.e2e.test_serve import serve  # noqa: F401 (a fixture)
from tests.world import run_command

NAME = "gate.example.org"
PUBLIC = {
    "STUDIO_GATEWAY_HTTPS": "1",
    "STUDIO_GATEWAY_ALLOWED_HOSTS": NAME,
}


def answer_to(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    """What it says to a request as the proxy passes it on."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with contextlib.closing(line):
        line.request("GET", path, headers={"Host": NAME, "Accept": "text/html", **named})
        answer = line.getresponse()
        answer.read()
        return answer


def test_the_check_for_deployment_finds_nothing_in_either_profile(gateway):
    command = ("check", "--deploy", "--fail-level", "WARNING")

    local = run_command(gateway, *command)
    public = run_command(gateway, *command, **PUBLIC)

    assert (local.code, public.code) == (0, 0), (local, public)
    assert "0 silenced" in public.out
    assert f"{len(exposure.WITHOUT_TLS)} silenced" in local.out


def test_only_checks_that_speak_of_tls_are_silenced_each_with_its_reason():
    silenced = exposure.settings_for({})["SILENCED_SYSTEM_CHECKS"]

    assert silenced == ["security.W004", "security.W008", "security.W012", "security.W016"]
    assert all(len(reason) > 20 for reason in exposure.WITHOUT_TLS.values())
    assert exposure.settings_for(PUBLIC)["SILENCED_SYSTEM_CHECKS"] == []


def test_behind_a_proxy_cookies_are_bound_to_tls_and_to_this_host(gateway, serve):  # noqa: F811
    one = serve("--no-workers", **PUBLIC)

    said = answer_to(one.port, "/login/", X_Forwarded_Proto="https")

    assert said.status == 200
    assert said.headers["Strict-Transport-Security"] == (
        f"max-age={exposure.YEAR_S}; includeSubDomains; preload"
    )
    cookies = said.headers.get_all("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert re.match(rf"__Host-studio_gateway_\w+_{one.port}=", cookie)
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("proxy", "headers"),
    [
        ("127.0.0.1", {}),
        ("192.0.2.1", {"X_Forwarded_Proto": "https"}),
        ("192.0.2.1", {"Forwarded": "proto=https;for=127.0.0.1"}),
        ("192.0.2.1", {"X_Forwarded_Ssl": "on", "Front_End_Https": "on"}),
    ],
)
def test_nobody_but_the_named_proxy_says_that_it_was_tls(gateway, serve, proxy, headers):  # noqa: F811
    one = serve("--no-workers", **PUBLIC, STUDIO_GATEWAY_TRUSTED_PROXY=proxy)

    said = answer_to(one.port, "/login/", **headers)

    assert said.status == 301
    assert said.headers["Location"] == "https://gate.example.org/login/"
    assert said.headers.get_all("Set-Cookie") is None
    assert said.headers["Strict-Transport-Security"] is None
    assert answer_to(one.port, "/health").status == 200


def test_on_this_machine_alone_a_header_changes_nothing(gateway, serve):  # noqa: F811
    one = serve("--no-workers")

    said = answer_to(one.port, "/login/", Host="127.0.0.1", X_Forwarded_Proto="https")

    assert said.status == 200
    assert said.headers["Strict-Transport-Security"] is None
    assert all("Secure" not in one for one in said.headers.get_all("Set-Cookie"))
