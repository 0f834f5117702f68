"""Choose the variables of our environment that a gate of an agent's work receives.

Only variables that find tools or control builds are passed on; all others are left out.
"""

import re
from collections.abc import Mapping

from gates import secret_values

NAMES = frozenset(
    # user and place
    "PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TERM COLORTERM NO_COLOR FORCE_COLOR TMPDIR CI "
    "DISPLAY WAYLAND_DISPLAY http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY "
    # the same on Windows
    "SYSTEMROOT WINDIR COMSPEC PATHEXT APPDATA LOCALAPPDATA USERPROFILE TEMP TMP PROGRAMDATA "
    # of compilers and of their caches
    "CC CXX CFLAGS CXXFLAGS CPPFLAGS LDFLAGS MAKEFLAGS LD_LIBRARY_PATH DYLD_LIBRARY_PATH "
    "LIBRARY_PATH CPATH PKG_CONFIG_PATH CCACHE_DIR SOURCE_DATE_EPOCH "
    # programming languages
    "VIRTUAL_ENV CONDA_PREFIX NODE_PATH NODE_OPTIONS NODE_ENV NVM_DIR JAVA_HOME M2_HOME GOPATH "
    "GOROOT GOCACHE GOMODCACHE GOFLAGS GOPROXY GEM_HOME GEM_PATH RBENV_ROOT PYENV_ROOT ASDF_DIR "
    "DOTNET_ROOT ANDROID_HOME BUNDLE_PATH BUNDLE_GEMFILE BUNDLE_WITHOUT BUNDLE_JOBS ".split()
)
AUTH = re.compile(r"_AUTH|AUTH_", re.IGNORECASE)  # npm and yarn, next to names that contain "token"
USER = re.compile(r"://[^/\s]*@")  # any user part: a token may stand in its place
OPTION = re.compile(r"passw|passphrase|token|secret|credential", re.IGNORECASE)
PREFIXES = (
    "LC_", "XDG_", "SSL_CERT_", "SDL_", "PYTHON", "PIP_", "UV_", "TOX_", "PYTEST_", "NPM_CONFIG_",
    "npm_config_", "YARN_", "PNPM_", "COREPACK_", "MAVEN_", "GRADLE_", "CARGO_", "RUST", "CMAKE_",
    "MESON_", "PLAYWRIGHT_", "CHROME_",
)  # fmt: skip


def allowed(ours: Mapping[str, str]) -> dict[str, str]:
    """Return the listed variables of ``ours``, without secrets.

    A secret is a variable with a secret's name, or a URL with a password. The gate's own
    environment adds whatever else the gate needs.
    """
    return {
        name: value
        for name, value in ours.items()
        if (name in NAMES or name.startswith(PREFIXES)) and not _is_secret(name, value)
    }


def _is_secret(name: str, value: str) -> bool:
    tells = name.endswith(("OPTS", "OPTIONS", "FLAGS")) and OPTION.search(value)
    if AUTH.search(name) or USER.search(value) or tells:
        return True
    return any(True for _ in secret_values.in_environment({name: value}))
