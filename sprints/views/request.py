"""A request as a view gets it: for annotations."""

from django.contrib.auth.models import User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from sprints.roles import Role


class Request(HttpRequest):
    """With who asks, what they may do, and whether they brought their token along."""

    user: User
    role: Role | int  # NOBODY on the paths that ask for nothing
    by_token: bool
    htmx: HtmxDetails
