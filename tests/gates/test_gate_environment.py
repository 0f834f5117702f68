"""Test which environment variables a gate in a clone receives, and which not."""

import pytest

from gates.gate_environment import allowed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOME_MADE", "1"),
        ("FORGE_TOKEN", "abcdefgh"),
        ("NPM_CONFIG__AUTH", "dXNlcjpwYXNzd29yZA=="),
        ("YARN_NPM_AUTH_IDENT", "user:word"),
        ("BUNDLE_GITHUB__COM", "x-access-token:abcdefgh"),
        ("PIP_EXTRA_INDEX_URL", "https://deploy:@pypi.example.org/simple"),
        ("UV_INDEX_URL", "https://glpat-abcdefgh@pypi.example.org/simple"),
        ("GOPROXY", "https://one@proxy.example.org"),
        ("GRADLE_OPTS", "-Dpassword=word"),
        ("https_proxy", "http://me:word@proxy.example.org"),
    ],
)
def test_a_credential_or_what_nobody_has_named_is_left_out(name, value):
    assert allowed({name: value}) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "/opt/token-tools/bin:/usr/bin"),
        ("LC_ALL", "C"),
        ("VIRTUAL_ENV", "/srv/secretary/venv"),
        ("PIP_INDEX_URL", "https://pypi.example.org/simple"),
        ("GRADLE_OPTS", "-Xmx2g"),
        ("https_proxy", "http://proxy.example.org:3128"),
    ],
)
def test_what_tools_are_found_and_built_by_is_passed_on(name, value):
    assert allowed({name: value}) == {name: value}
