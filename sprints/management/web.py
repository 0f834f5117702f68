"""The web server of ``serve``: waitress in threads of this process."""

import contextlib
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from django.conf import settings
from django.utils.module_loading import import_string
from waitress import wasyncore
from waitress.server import create_server

from sprints.management.http_channel import Line, Tasks
from sprints.state.refusals import Refused

DRAIN_S = 5.0  # for running requests at the end
LIMITS: dict[str, Any] = {
    "threads": 4,
    "connection_limit": 500,
    "asyncore_use_poll": True,
    "channel_timeout": 20,  # seconds for a client that sends nothing, or takes nothing
    "cleanup_interval": 5,
    "max_request_header_size": 1 << 15,
    "max_request_body_size": 1 << 20,
    "log_socket_errors": False,  # a disconnected client is not logged
    "ident": None,
}


class Web:
    """A web server that listens from its construction on and answers inside its ``with`` block.

    Raises ``Refused`` if it cannot listen on the address.
    """

    def __init__(self, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        self._address = ipaddress.ip_address(self._socket.getsockname()[0])
        self._port = port
        for name in ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"):  # cookies ignore ports
            setattr(settings, name, f"{getattr(settings, name)}_{port}")
        if not self._address.is_unspecified:
            settings.ALLOWED_HOSTS += [host, self._named]

    @property
    def url(self) -> str:
        """Return the address for a browser on this machine."""
        name = "127.0.0.1" if self._address.is_unspecified else self._named
        return f"http://{name}:{self._port}/"

    @property
    def _named(self) -> str:
        return f"[{self._address}]" if self._address.version == 6 else str(self._address)

    @property
    def is_local(self) -> bool:
        """Return whether only this machine can reach the address."""
        return self._address.is_loopback

    def __enter__(self) -> Self:
        try:
            application = import_string(settings.WSGI_APPLICATION)
        except BlockingIOError:
            raise Refused(
                "an upgrade of the store is running; run serve again after the upgrade"
            ) from None
        tasks = Tasks()
        tasks.set_thread_count(LIMITS["threads"])
        self._server = create_server(
            application, _dispatcher=tasks, sockets=[self._socket], **LIMITS, **settings.WEB_PROXY
        )
        self._server.channel_class = Line
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)
        self._thread.start()
        return self

    def is_alive(self) -> bool:
        """Return whether the server still answers."""
        return self._thread.is_alive()

    def __exit__(self, *_: object) -> None:
        """Accept no more requests, and wait for the running ones."""
        end = time.monotonic() + DRAIN_S
        self._between_requests(lambda: wasyncore.dispatcher.close(self._server))
        self._server.task_dispatcher.shutdown(timeout=DRAIN_S)
        while self.is_alive() and self._unsent() and time.monotonic() < end:
            time.sleep(0.02)
        self._between_requests(self._close)

    def _close(self) -> None:
        for one in list(self._server.active_channels.values()):
            one.handle_close()  # with the files that hold what was not sent
        wasyncore.close_all(self._server._map, ignore_all=True)

    def _between_requests(self, act: Callable[[], None]) -> None:
        with contextlib.suppress(OSError):  # its thread has ended and closed everything
            self._server.trigger.pull_trigger(act)

    def _unsent(self) -> bool:
        return any(one.total_outbufs_len for one in list(self._server.active_channels.values()))


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, ValueError):
        raise Refused(f"{host!a} is not an address of this machine; try --host 127.0.0.1") from None
    family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    try:
        return socket.create_server(address, family=family, backlog=128)
    except OSError as exc:
        why = os.strerror(exc.errno) if exc.errno else str(exc)
        raise Refused(f"cannot listen on {host} port {port}: {why}; try another --port") from None
