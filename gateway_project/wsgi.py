"""Provide the application for another WSGI server; ``serve`` has its own."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from gates.users_umask import keep_private
from sprints.store.file_lock import be_there

keep_private()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

application = get_wsgi_application()
be_there(settings.STORE.web_lock)  # until this process ends, no upgrade can start
