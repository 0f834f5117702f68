"""Make users of each role, and browsers in which they have signed in."""

from django.test import Client

from gateway_project.accounts import token_operations, user_operations
from sprints.roles import Role

PASSWORD = "correct horse battery staple"


def token_of(role: Role, name: str = "") -> str:
    """A new token of a new user of that role."""
    user = user_operations.add(name or role.word, role, by="test")
    return token_operations.create(user, "test", by="test")[1]


def signed_in(role: Role, name: str = "") -> Client:
    """A browser in which a new user of that role has signed in by a token."""
    browser = Client(SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"})
    assert browser.post("/login/", {"token": token_of(role, name)}).status_code == 302
    return browser
