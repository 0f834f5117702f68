"""Configure who can reach the web: only this machine, or others through a proxy with TLS.

``STUDIO_GATEWAY_HTTPS=1`` means the proxy. ``STUDIO_GATEWAY_TRUSTED_PROXY`` is the proxy's address
(127.0.0.1): only from there, headers about scheme and client are trusted.
"""

from collections.abc import Mapping
from typing import Any

YEAR_S = 365 * 24 * 3600

# Django's checks about TLS, silenced without TLS; each with the reason.
WITHOUT_TLS = {
    "security.W004": "HSTS: what never leaves this machine has no TLS to insist on",
    "security.W008": "SSL redirect: there is nothing to redirect to",
    "security.W012": "secure session cookie: a browser would not send it back over plain HTTP",
    "security.W016": "secure CSRF cookie: a browser would not send it back over plain HTTP",
}


def settings_for(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return Django's settings of the profile, and waitress's as ``WEB_PROXY``."""
    named = {
        "SESSION_COOKIE_NAME": "studio_gateway_session",
        "CSRF_COOKIE_NAME": "studio_gateway_csrf",
        "SECURE_REFERRER_POLICY": "same-origin",
    }
    if environ.get("STUDIO_GATEWAY_HTTPS") != "1":
        return {**named, "SILENCED_SYSTEM_CHECKS": [*WITHOUT_TLS], "WEB_PROXY": {}}
    return {
        **named,
        "SILENCED_SYSTEM_CHECKS": [],
        # With this prefix browsers refuse such a cookie from another host or over plain HTTP.
        "SESSION_COOKIE_NAME": f"__Host-{named['SESSION_COOKIE_NAME']}",
        "CSRF_COOKIE_NAME": f"__Host-{named['CSRF_COOKIE_NAME']}",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_REDIRECT_EXEMPT": [r"^health$"],
        "SECURE_HSTS_SECONDS": YEAR_S,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_PRELOAD": True,
        # Not SECURE_PROXY_SSL_HEADER, which would trust that header from any client.
        "WEB_PROXY": {
            "trusted_proxy": environ.get("STUDIO_GATEWAY_TRUSTED_PROXY") or "127.0.0.1",
            "trusted_proxy_headers": {"x-forwarded-proto", "x-forwarded-for"},
        },
    }
