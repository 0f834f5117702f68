"""Make temporary stores with a valid history of many sprints and events."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

GATE = ("true",)
CHUNK = 2000


@contextmanager
def fresh_store() -> Iterator[Path]:
    """Yield a folder that is set up as this process's repository, with Django loaded.

    It is on the disk of the working directory: a memory file system would improve every figure.
    """
    with TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as name:
        repo = Path(name)
        (repo / ".git").mkdir()
        os.environ |= {
            "STUDIO_GATEWAY_REPO": str(repo),
            "XDG_STATE_HOME": name,  # the clones are in the store, and nothing in the HOME
            "DJANGO_SETTINGS_MODULE": "gateway_project.settings",
        }
        import django

        from sprints.store.config import make_config
        from sprints.store.layout import Store, make_folders

        make_folders(Store(repo))  # settings read the key that signs messages
        make_config(Store(repo).config)
        django.setup()
        from django.db import connection

        from gates import process
        from sprints import operations

        operations.initialise()
        set_gate(*GATE)
        try:
            yield repo
        finally:
            process.cool()
            connection.close()


def set_gate(*command: str) -> None:
    """Set the command of the default gate."""
    from dataclasses import replace

    from sprints.contract.contract import DEFAULT_GATE
    from sprints.definitions import gates

    gates.put(replace(DEFAULT_GATE, command=command), ["quick", "full"])


def fill(sprints: int) -> None:
    """Add that many finished sprints: one is run, the others are copies with other ids."""
    if not sprints:
        return
    from django.conf import settings

    from sprints import operations
    from sprints.journal import writer
    from sprints.runner.runner import StopRequest

    template = f"t{sprints}"
    operations.create(template, by="bench")
    operations.run(template, StopRequest())
    _copy_rows(template, sprints)
    names = [f"{template}-{n}" for n in range(sprints)]
    _copy_events(template, names)
    artifacts = settings.STORE.artifacts
    for name in names:
        shutil.copytree(artifacts / template, artifacts / name, copy_function=os.link)
    writer.flush()


def _copy_rows(template: str, count: int) -> None:
    from gates.models import GateRun
    from sprints.models import Round, Sprint, Task

    models: tuple[Any, ...] = (Sprint, Round, Task, GateRun)
    for model in models:
        key = model._meta.pk.attname
        of = {"pk__startswith": f"{template}/"} if model is not Sprint else {"pk": template}
        rows = list(model.objects.filter(**of).values())
        for first in range(0, count, CHUNK):
            copies = [
                model(**_renamed(row, template, f"{template}-{n}", key))
                for n in range(first, min(first + CHUNK, count))
                for row in rows
            ]
            model.objects.bulk_create(copies, batch_size=CHUNK)


def _renamed(row: dict[str, Any], old: str, new: str, key: str) -> dict[str, Any]:
    names = {key, "sprint_id", "round_id"} | ({"title"} if key == "sprint_id" else set())
    return {
        name: _rename(value, old, new) if name in names else value for name, value in row.items()
    }


def _rename(value: str, old: str, new: str) -> str:
    head, *tail = value.split("/")
    return "/".join([new if head == old else head, *tail])


def _copy_events(template: str, names: list[str]) -> None:
    from sprints.models import Event, Head
    from sprints.state.event_format import canonical, chain

    head = Head.objects.get(pk=1)
    lines = [event.line for event in Event.objects.filter(sprint_id=template).order_by("seq")]
    times = list(
        Event.objects.filter(sprint_id=template).order_by("seq").values_list("ts", flat=True)
    )
    artifacts = f"artifacts/{template}"
    seq, prev, rows = head.seq, head.hash, []
    for name in names:
        for line, at in zip(lines, times, strict=True):
            keep = line.replace(artifacts, "artifacts/\0")
            text = keep.replace(f'"{template}"', f'"{name}"').replace(f"/{template}/", f"/{name}/")
            text = text.replace(f'/sprints/{template}"', f'/sprints/{name}"')
            body = json.loads(text.replace("artifacts/\0", artifacts))
            del body["hash"]
            seq += 1
            body |= {"seq": seq, "prev": prev}
            prev = body["hash"] = chain(prev, body)
            rows.append(Event(seq, at, body["kind"], name, prev, canonical(body)))
        if len(rows) >= CHUNK:
            Event.objects.bulk_create(rows)
            rows = []
    Event.objects.bulk_create(rows)
    Head.objects.filter(pk=1).update(seq=seq, hash=prev)


def fill_events(count: int) -> None:
    """Fill the stream up to ``count`` events with notes that belong to no sprint."""
    from django.db import transaction
    from django.utils import timezone

    from sprints.models import Head
    from sprints.models.event import append
    from sprints.state.event_codes import EventKind
    from sprints.state.event_format import Draft
    from sprints.state.messages import Message

    at = timezone.now()
    while (missing := count - Head.objects.get(pk=1).seq) > 0:
        with transaction.atomic():
            append(
                [Draft(EventKind.NOTE, Message(f"note {n}")) for n in range(min(missing, CHUNK))],
                at,
            )
