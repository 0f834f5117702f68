"""Name the model of each kind of row in the state."""

from gates.models import GateRun
from sprints.models.hook import Delivery
from sprints.models.round import Round
from sprints.models.sprint import Sprint
from sprints.models.task import Task

MODELS = {"sprint": Sprint, "round": Round, "task": Task, "gate_run": GateRun, "delivery": Delivery}
