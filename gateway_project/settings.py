"""Define the settings, from the environment and from the served store.

``gateway_project.variables`` lists the variables. ``gateway_project.exposure`` has the settings for
a proxy with TLS.
"""

import contextlib
import os
import secrets
import warnings
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from gateway_project import __version__, exposure
from gateway_project.accounts import sign_in_limits
from sprints.store.config import read_config
from sprints.store.layout import Store, StoreError, find_repo

VERSION = __version__
STORE = Store(find_repo(Path.cwd(), os.environ))

_config: dict[str, Any] = {}
# Commands report a bad config.json themselves, in one line; settings must load without it.
with contextlib.suppress(StoreError):
    _config = read_config(STORE.config)

SECRET_KEY = (
    os.environ.get("STUDIO_GATEWAY_SECRET_KEY")
    or _config.get("secret_key")
    or secrets.token_urlsafe(50)
)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]  # ``serve`` adds its own address
ALLOWED_HOSTS += filter(None, os.environ.get("STUDIO_GATEWAY_ALLOWED_HOSTS", "").split(","))
ROOT_URLCONF = "gateway_project.urls"
WSGI_APPLICATION = "gateway_project.wsgi.application"
MIDDLEWARE = [
    "sprints.views.request_metrics.measured",
    "sprints.views.middleware.headers",
    "sprints.views.middleware.Names",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "gateway_project.accounts.authentication.AuthenticateRequests",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # served from the packages, without collectstatic

# A session's cookie is for this gateway, not for another on the same machine: ``serve`` adds its
# port to the names.
_exposed = exposure.settings_for(os.environ)
globals().update(_exposed)
WEB_PROXY: dict[str, Any] = _exposed["WEB_PROXY"]  # the proxy that the web server trusts
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "sprints.views.responses.forged"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("UserAttributeSimilarityValidator", {}),
        ("CommonPasswordValidator", {}),
    )
]
AXES_FAILURE_LIMIT = sign_in_limits.FAILURES
AXES_COOLOFF_TIME = sign_in_limits.COOLOFF
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # failures of others lock no user out
AXES_LOCKOUT_CALLABLE = "gateway_project.accounts.views.too_many_attempts"
AXES_USERNAME_CALLABLE = "gateway_project.accounts.views.name_given"
# It stores form values, which may hold a token, and the target path.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "token", "next", "csrfmiddlewaretoken"]
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "not_away": {"()": "sprints.views.database_away.NotAway"},
        "one_line": {"()": "sprints.store.log_and_retry.WithoutTraceback"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "level": "ERROR",
            "filters": ["not_away"],
        },
        "sign_ins": {"class": "logging.StreamHandler", "level": "WARNING"},
    },
    # Exceptions of views go to stderr with a traceback; the response shows nothing.
    "loggers": {name: {"handlers": ["stderr"]} for name in ("django.request", "sprints")}
    | {"waitress.queue": {"level": "ERROR"}}
    | {"django-q": {"filters": ["one_line"]}}
    | {"sprints.sign_in": {"handlers": ["sign_ins"], "level": "WARNING", "propagate": False}},
}

INSTALLED_APPS = [
    "gateway_project.accounts",
    "sprints",
    "gates",
    "sprints.queue_app.DjangoQ",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

if os.environ.get("DATABASE_URL"):
    import environ

    with warnings.catch_warnings(action="ignore"):  # Django reports it again, in one line
        DATABASES = {"default": environ.Env.db_url_config(os.environ["DATABASE_URL"])}
    DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    if DATABASES["default"].get("ENGINE") == "django.db.backends.postgresql":
        # A dead server or a held lock is noticed within a lease.
        DATABASES["default"]["OPTIONS"] = {
            "connect_timeout": 3,
            "options": "-c lock_timeout=5s",
            "tcp_user_timeout": 10_000,
            # Without probes, a query whose answer is lost would wait for hours.
            "keepalives_idle": 5,
            "keepalives_interval": 3,
            "keepalives_count": 3,
        } | DATABASES["default"].get("OPTIONS", {})
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": STORE.database,
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # IMMEDIATE: a transaction that reads first would fail at its first write if
                # another came between. FULL: NORMAL loses acknowledged commits in a power cut.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    }

# The queue carries hints (ids only); see sprints/queue. Its limits exceed every gate's.
BROKER = os.environ.get("STUDIO_GATEWAY_BROKER", "database")
if BROKER != "database" and not BROKER.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured("STUDIO_GATEWAY_BROKER is 'database' or the URL of a Redis")
Q_CLUSTER = {
    "name": "studio-gateway",
    "broker_class": "sprints.queue.broker.Broker",
    "orm": "default",
    "workers": 2,
    "timeout": 8 * 24 * 3600,
    "retry": 9 * 24 * 3600,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "bulk": 1,
    "queue_limit": 2,
    "recycle": 500,
    "log_level": "WARNING",
    "scheduler": False,  # schedules are our own rows: see sprints/operations/schedules.py
}
if BROKER != "database":
    Q_CLUSTER |= {"broker_class": "sprints.queue.redis_broker.Broker", "redis": BROKER}
