"""Recognise values that are no secrets, although their variables are named like secrets.

``PGPASSWORD=postgres`` is usual in CI. To remove such a word from every text would destroy the
record and protect nothing.
"""

import re
import socket
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from gates.secret_shapes import LEAST

LONGEST = 40  # characters of a value that is made of words

# Names of programs, accounts and stages: the usual passwords of test installations.
WORDS = (
    "access account admin administrator api app application backend build builder cache change "
    "changeit changeme ci client cluster container couchdb data database db debug default demo "
    "deploy deployment dev develop developer development docker dummy elastic elasticsearch "
    "example fake frontend gitea github gitlab grafana guest hello hidden host influxdb insecure "
    "integration internal invalid jenkins kafka key keycloak kibana kubernetes letmein local "
    "localhost login machine main mariadb master memcached minio mock mongo mongodb my mysql nats "
    "neo4j nginx nobody none nothing opensearch oracle owner pass passphrase passwd password pg "
    "phrase placeholder please postgres postgresql private prod production project proxy public "
    "query queue rabbit rabbitmq readonly redis replica replication root sample sandbox secret "
    "secure server service session simple site solr sonar sonarqube staging stage storage super "
    "superuser system temp template temporary test tester testing token tmp user username vagrant "
    "value vault web website welcome word wordpress work worker world"
).split()
_WORDS = re.compile(rf"(?:(?:{'|'.join(WORDS)})s?[-_. ]?)+[0-9]{{0,4}}!?", re.IGNORECASE)
_PLACES = re.compile("(USER|USERNAME|LOGNAME|HOST|HOSTNAME|DB|DBNAME|DATABASE)$", re.IGNORECASE)


def reason(value: str, names: frozenset[str]) -> str:
    """Return in words why ``value`` is no secret; empty if it is one.

    ``names`` are those of users, hosts, databases and folders.
    """
    value = value.strip()
    if len(value) < LEAST:
        return f"shorter than {LEAST} characters"
    if value in names:
        return "the name of a user, a host, a database or a folder"
    if len(value) <= LONGEST and (_WORDS.fullmatch(value) or value.lower() in _common()):
        return "a common word"
    return ""


@lru_cache(maxsize=16)
def names(variables: frozenset[tuple[str, str]]) -> frozenset[str]:
    """Return the names of users, hosts, databases and folders that these variables contain."""
    host = socket.gethostname()
    found = {host, host.partition(".")[0], *Path.cwd().parts}
    for name, value in variables:
        if _PLACES.search(name):
            found.add(value)
        elif "://" in value:
            found.update(_names_in_url(value))
        elif value.startswith(("/", "~")):
            found.update(re.split("[/:]", value))
    return frozenset(found)


def _names_in_url(url: str) -> Iterator[str]:
    """Yield user, host and database; the path of a web address may itself be a secret."""
    try:
        parts = urlsplit(url)
        yield from filter(None, (parts.username, parts.hostname))
    except ValueError:
        return
    if parts.scheme not in ("http", "https"):
        yield parts.path.removeprefix("/")


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """Return the 20,000 passwords that Django refuses as too common."""
    import gzip
    from importlib.resources import files

    packed = files("django.contrib.auth").joinpath("common-passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split())
