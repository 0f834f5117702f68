"""The gateway as a command has loaded it, with no store yet; a forked command begins with it.

Only the process from which commands are forked imports this module.
"""

import gc
import importlib
import os
import pkgutil
import sys
from typing import Any

import django
from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.db import connections
from django.utils.functional import empty

from gates import fault_points
from sprints.management import commands


def load() -> None:
    """Load Django, our apps and every command."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "gateway_project.settings"
    os.environ["STUDIO_GATEWAY_REPO"] = os.devnull  # no store
    django.setup()
    for one in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{one.name}")
    gc.collect()
    gc.freeze()  # else the first collection in each command would copy all of it


def refresh() -> None:
    """Read the settings anew when they are next used, from the present environment and folder.

    What cannot be read is reported by the command itself, as from a cold start.
    """
    from django_q.conf import Conf

    _forget()
    handlers: tuple[Any, ...] = (caches, connections, storages)
    for handler in handlers:
        handler.__dict__.clear()
        handler.__init__()
    fault_points._fault = fault_points._asked_for()
    try:
        Conf.SECRET_KEY = settings.SECRET_KEY
    except ImproperlyConfigured:
        _forget()


def _forget() -> None:
    sys.modules.pop("gateway_project.settings", None)
    settings._wrapped = empty


load()
