"""Define the JSON of requests and responses (FORMATS: "HTTP", "state.json").

They serve the OpenAPI document and the validation of requests.
"""

from typing import Annotated, Literal

from ninja import Field, Schema
from pydantic import ConfigDict, StrictBool, StrictInt, StrictStr

from gates.problem import ProblemCode
from sprints.contract.json_types import JsonObject
from sprints.state.refusals import RefusalCode

SprintStatus = Literal["created", "running", "blocked", "failed", "succeeded", "cancelled"]
RoundStatus = Literal["pending", "in_progress", "done", "blocked"]
TaskStatus = Literal["pending", "in_progress", "blocked", "done", "cancelled"]
Text = Annotated[StrictStr, Field(max_length=10_000)]


class Asked(Schema):
    """A request body without unknown keys."""

    model_config = ConfigDict(extra="forbid")


class NewSprint(Asked):
    """A new sprint. The default ``title`` is the id. ``brief`` is also a key of ``meta``."""

    sprint_id: StrictStr | None = Field(None, examples=["wk1"])
    title: Text | None = Field(None, examples=["Week one"])
    brief: StrictStr | None = Field(None, examples=["Make it faster"])
    meta: JsonObject | None = Field(None, examples=[{"fix_attempts": 5}])


class SprintChange(Asked):
    """A change of a sprint. ``meta`` is merged key by key; null removes a key."""

    title: Text | None = Field(None, examples=["Week one"])
    meta: JsonObject | None = Field(None, examples=[{"brief": "Make it faster", "old": None}])


class Why(Asked):
    """A reason in one line."""

    why: Text | None = Field(None, examples=["lunch"])


class Answer(Asked):
    """The answer to an agent's question.

    ``question``, as `<round_id>/<task_id>/<try>`, makes sure that no other question is answered.
    """

    text: Text | None = Field(None, examples=["Blue."])
    question: Text | None = Field(None, examples=["R0_SETUP/lead_agent_01/1"])


class Decision(Asked):
    """An approval or a rejection.

    ``ask``, as `<what>/<number>`, makes sure that no other request is decided.
    """

    why: Text | None = Field(None, examples=["The test was wrong."])
    ask: Text | None = Field(None, examples=["before_ship/2"])


class BudgetToSet(Asked):
    """The budget for all rounds and attempts; a missing value stays unchanged."""

    launches: StrictInt | None = Field(None, examples=[80])
    minutes: Annotated[float, Field(strict=True)] | None = Field(None, examples=[500.0])
    tokens: StrictInt | None = Field(None, examples=[9_000_000])
    usd: Annotated[float, Field(strict=True)] | None = Field(None, examples=[80.0])


class Settings(Schema):
    """The settings of config.json, without the token."""

    bind_host: str
    port: int
    enable_auto_merge: bool
    ship_remote: str
    automation_paused: bool
    max_concurrent_global: int
    gate_profile: Literal["quick", "full"]
    agent_launches: int
    agent_minutes: float
    agent_tokens: int
    agent_usd: float
    confinement: Literal["auto", "required", "none"]
    confine_paths: list[str]
    gate_home: Literal["private", "user"]
    clones_folder: str
    agent_logs: bool
    approvals: Literal["none", "before_build", "before_ship", "before_build,before_ship"]
    protected_paths: list[str]


class SwitchesToTurn(Asked):
    """New settings, applied all or none."""

    bind_host: Annotated[StrictStr, Field(max_length=255)] | None = None
    port: StrictInt | None = None
    enable_auto_merge: StrictBool | None = None
    ship_remote: StrictStr | None = Field(None, examples=["origin"])
    automation_paused: StrictBool | None = Field(None, examples=[True])
    max_concurrent_global: StrictInt | None = None
    gate_profile: StrictStr | None = Field(None, examples=["full"])
    agent_launches: StrictInt | None = None
    agent_minutes: Annotated[float, Field(strict=True)] | None = None
    agent_tokens: StrictInt | None = None
    agent_usd: Annotated[float, Field(strict=True)] | None = None
    confinement: StrictStr | None = Field(None, examples=["required"])
    confine_paths: list[StrictStr] | None = Field(None, examples=[["~/.cache"]])
    gate_home: StrictStr | None = Field(None, examples=["private"])
    clones_folder: StrictStr | None = Field(None, examples=["/srv/clones"])
    agent_logs: StrictBool | None = None
    approvals: StrictStr | None = Field(None, examples=["before_ship"])
    protected_paths: list[StrictStr] | None = Field(None, examples=[["**/tests/**"]])


class Problem(Schema):
    """One refused setting."""

    field: str = Field(description="Name of the setting, dotted; empty for no single setting.")
    code: ProblemCode
    text: str


class Error(Schema):
    """Every refusal. ``code`` is there where an operation was refused, ``problems`` where settings
    were.
    """

    error: str = Field(examples=["unauthorized"])
    code: RefusalCode | None = None
    problems: list[Problem] | None = None


class Ok(Schema):
    """The request was accepted."""

    ok: bool = True


class Health(Schema):
    """The gateway answers."""

    ok: bool = True
    version: str


class Created(Ok):
    """The sprint was created."""

    sprint_id: str


class Job(Schema):
    """Whether a sprint runs now, and its name."""

    running: bool
    name: str | None


class Queued(Schema):
    """A sprint in the queue: its place, what it waits for, who is asked, and since when."""

    sprint_id: str
    place: int
    places: int
    code: str
    what: str
    who: str
    since_ts: str
    until_ts: str | None
    before: str | None = None
    most: int | None = None


class Host(Schema):
    """A host that runs sprints, or once did; ages in seconds."""

    name: str
    place: str
    workers: int
    seen_s: float
    alive: bool
    worked_s: float
    restarts: int
    carries: list[str]
    silent: bool


class Hosts(Schema):
    """All hosts."""

    hosts: list[Host]


class Status(Hosts):
    """The state of this gateway: its sprints, the running one, the queue, its hosts."""

    version: str
    repo_root: str
    sprints: list[str]
    job: Job
    queued: list[Queued]


class Titles(Schema):
    """The title of each sprint, by its id."""

    sprints: dict[str, str]


class Task(Schema):
    """A piece of work asked of one agent."""

    task_id: str
    title: str
    owner_agent: str
    status: TaskStatus
    created_ts: str
    updated_ts: str
    details: JsonObject


class Round(Schema):
    """One round of a sprint."""

    round_id: str
    title: str
    status: RoundStatus
    started_ts: str | None
    finished_ts: str | None
    notes: list[str]
    tasks: dict[str, Task]


class GateRun(Schema):
    """The latest run of a gate; a negative exit code is the signal that killed it."""

    gate_id: str
    title: str
    command: list[str]
    required: bool
    started_ts: str
    finished_ts: str | None
    exit_code: int | None
    stdout_path: str
    stderr_path: str


class Sprint(Schema):
    """A sprint as in state.json."""

    sprint_id: str
    title: str
    created_ts: str
    status: SprintStatus
    current_round: str | None
    rounds: dict[str, Round]
    gates: dict[str, GateRun]
    artifacts_dir: str
    last_error: str | None
    meta: JsonObject


class Event(Schema):
    """A line of events.jsonl."""

    ts: str
    kind: str
    message: str
    sprint_id: str | None
    round_id: str | None
    data: JsonObject
    seq: int
    change: list[JsonObject]
    prev: str
    hash: str
    incarnation: str | None = None


class AgentTask(Schema):
    """A task of an agent."""

    sprint_id: str
    round_id: str
    task_id: str
    title: str
    status: TaskStatus
    updated_ts: str


class Agent(Schema):
    """An agent as its owner has defined it, with its latest tasks, newest first."""

    agent_id: str
    label: str
    title: str
    mission: str
    responsibilities: list[str]
    authority: list[str]
    deliverables: list[str]
    runner: str
    model: str
    last_tasks: list[AgentTask]


class Agents(Schema):
    """All agents."""

    agents: list[Agent]


class Gate(Schema):
    """A gate as its owner has defined it; of its environment, only the names."""

    gate_id: str
    title: str
    kind: str
    command: list[str]
    required: bool
    rounds: list[str]
    profiles: list[str]
    timeout_s: float
    enabled: bool
    env: list[str]


class Gates(Schema):
    """All gates."""

    gates: list[Gate]
