"""Test that timeouts in the wrong order are refused by the system check."""

import pytest
from django.core.management.base import SystemCheckError

from sprints.health.django_checks import timeouts_in_order
from sprints.management.commands.worker import Command


def test_the_settings_as_they_are_pass():
    assert timeouts_in_order() == []


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"timeout": 600}, ["sprints.E001"]),
        ({"retry": 8 * 24 * 3600}, ["sprints.E002"]),
        ({"timeout": 600, "retry": 60}, ["sprints.E001", "sprints.E002"]),
        ({"timeout": None}, []),
    ],
)
def test_a_wrong_order_is_named(settings, changed, found):
    settings.Q_CLUSTER = settings.Q_CLUSTER | changed

    assert [one.id for one in timeouts_in_order()] == found


def test_a_cluster_checks_the_order_for_itself_and_its_watch_checks_everything(settings):
    settings.Q_CLUSTER = settings.Q_CLUSTER | {"timeout": 600}
    command = Command()

    with pytest.raises(SystemCheckError, match="E001"):
        command.check(**command.get_check_kwargs({"inside": 1}))

    assert command.get_check_kwargs({"inside": None}) == {}
