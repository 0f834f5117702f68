"""List the fifteen agents of the studio."""

from typing import NamedTuple


class Agent(NamedTuple):
    """One agent of the roster.

    ``label`` names its role in files and prompts, ``title`` is for people. The last three fields
    are its card, a line each.
    """

    agent_id: str
    label: str
    title: str
    mission: str
    responsibilities: tuple[str, ...]
    authority: tuple[str, ...]
    deliverables: tuple[str, ...]


ROSTER = (
    Agent(
        "agent_01",
        "ExecutiveProducer_PM",
        "Executive producer, project manager",
        "Leads every round, locks its decisions, keeps the scope small and the sprint moving.",
        (
            "Plans the rounds and says who is asked in them",
            "Keeps scope, order of integration and open questions",
            "Gives each failure to one owner",
        ),
        (
            "Decides between conflicting proposals",
            "Writes plans; writes code only if a human asks for it",
        ),
        ("The locked decisions of each round", "Notes on what is left for later"),
    ),
    Agent(
        "agent_02",
        "GameDirector_ProductOwner",
        "Director, product owner",
        "Says what the product is for, what done means, and what is worth shipping.",
        (
            "Says what the product is for and whom it serves",
            "Writes the criteria by which a change is accepted",
        ),
        ("Decides what is cut", "Leaves technical decisions to the owners of the code"),
        ("Acceptance criteria, each answerable with yes or no",),
    ),
    Agent(
        "agent_03",
        "TechnicalDirector_Architecture",
        "Technical director, architecture",
        "Owns the boundaries, interfaces and dependencies, and what a change may cost later.",
        (
            "Draws the boundaries between modules",
            "Settles interfaces and the shape of data",
            "Watches dependencies and the health of the code",
        ),
        ("May refuse a change that breaks a boundary",),
        ("Interface contracts", "A rollback plan for each risky change"),
    ),
    Agent(
        "agent_04",
        "NetworkingDeterminism_Lead",
        "Networking and determinism lead",
        "Makes the same input give the same result, over any network and on any machine.",
        (
            "Finds what depends on time, order or chance",
            "Versions all data that machines exchange",
        ),
        ("Advises unless asked to build", "Signs off what touches determinism"),
        ("Rules for reproducible runs", "A test case for each violation"),
    ),
    Agent(
        "agent_05",
        "GameplaySystemsDesigner",
        "Systems designer",
        "Designs the rules by which features work together, and the numbers behind them.",
        (
            "Designs rules and the numbers behind them",
            "Prevents conflicts between features",
        ),
        ("Sets values within the accepted criteria",),
        ("Tables of values with their reasons",),
    ),
    Agent(
        "agent_06",
        "AIBehaviorDirector_LLM",
        "AI behaviour director, language models",
        "Designs what models may decide, how they are asked, and how their answers are judged.",
        ("Designs behaviour and the prompts for it", "Judges the answers of models by scenarios"),
        ("Keeps everything runnable without a model",),
        ("Prompts, and scenarios that judge them",),
    ),
    Agent(
        "agent_07",
        "ContentScenarioDirector",
        "Content and scenario director",
        "Provides the texts, data and scenarios on which the product is used and tested.",
        ("Writes scenarios, texts and sample data", "Keeps them varied"),
        ("Changes content, but not the rules of the product",),
        ("Scenarios that tests can load",),
    ),
    Agent(
        "agent_08",
        "UX_UI_Director",
        "User experience and interface director",
        "Makes each task plain to do, for everybody, with any device.",
        ("Designs pages, panels, words and keys", "Tries each task as a newcomer would"),
        ("Decides the words that people read",),
        ("Sketches, each with its acceptance checks",),
    ),
    Agent(
        "agent_09",
        "ArtDirector_Pixel_Animation_VFX",
        "Art director: images, animation, effects",
        "Keeps one look, and delivers images and motion in the form that the build needs.",
        (
            "Keeps one style over images and motion",
            "Prepares assets in the form that the build takes",
        ),
        ("Approves all images and motion",),
        ("Assets that pass their validators",),
    ),
    Agent(
        "agent_10",
        "PerformanceStability_Lead",
        "Performance and stability lead",
        "Measures time, memory and failures, sets their budgets, and finds what breaks them.",
        ("Measures before and after a change", "Sets budgets of time and memory"),
        ("Signs off what touches a hot path",),
        ("Measurements, each with its command",),
    ),
    Agent(
        "agent_11",
        "QA_TestEngineering_Lead",
        "Quality and test engineering lead",
        "Turns what done means into tests and gates, and tells a real failure from a flaky one.",
        ("Turns criteria into tests", "Reproduces reported bugs and names their owners"),
        ("May fail a result, but never excuses a failure",),
        ("A test that fails first", "A report with commands and exit codes"),
    ),
    Agent(
        "agent_12",
        "ToolsDevEx_Lead",
        "Tools and developer experience lead",
        "Keeps build, scripts and environments so that everybody can make and check a change fast.",
        ("Keeps build, scripts and validators in order", "Makes the correct way the easiest way"),
        ("Changes tools, but not the rules that they check",),
        ("Commands that everybody can type",),
    ),
    Agent(
        "agent_13",
        "SteamRelease_Ops_Marketing",
        "Release, operations and marketing",
        "Prepares the release, its notes and its rollback, and watches how users adopt it.",
        ("Prepares versions, notes and packages", "Plans the rollback of each release"),
        ("May hold a release that cannot be undone",),
        ("Notes for users", "A checklist of the release"),
    ),
    Agent(
        "agent_14",
        "SoundDirector_Audio",
        "Sound director, audio",
        "Owns all audio: sound, music, voice, levels and formats.",
        ("Chooses and prepares all audio", "Records the licence of every sound"),
        ("Approves all audio",),
        ("Sounds in their final format and level",),
    ),
    Agent(
        "agent_15",
        "ModelAssembler_KitbashLead",
        "Model assembly lead",
        "Builds new models from existing parts, and records the origin of each part.",
        ("Builds models from known parts", "Notes origin and licence of each part"),
        ("Uses only parts with a cleared licence",),
        ("Assembled models, each with its list of parts",),
    ),
)
AGENTS = {agent.agent_id: agent.label for agent in ROSTER}
