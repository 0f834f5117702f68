"""The fifteen agents of the studio."""

from typing import NamedTuple


class Agent(NamedTuple):
    """``label`` is the name by which files and prompts know the role; ``title`` is for people."""

    agent_id: str
    label: str
    title: str
    mission: str


ROSTER = (
    Agent(
        "agent_01",
        "ExecutiveProducer_PM",
        "Executive producer, project manager",
        "Leads every round, locks its decisions, keeps the scope small and the sprint moving.",
    ),
    Agent(
        "agent_02",
        "GameDirector_ProductOwner",
        "Director, product owner",
        "Says what the product is for, what done means, and what is worth shipping.",
    ),
    Agent(
        "agent_03",
        "TechnicalDirector_Architecture",
        "Technical director, architecture",
        "Owns the boundaries, interfaces and dependencies, and what a change may cost later.",
    ),
    Agent(
        "agent_04",
        "NetworkingDeterminism_Lead",
        "Networking and determinism lead",
        "Makes the same input give the same result, over any network and on any machine.",
    ),
    Agent(
        "agent_05",
        "GameplaySystemsDesigner",
        "Systems designer",
        "Designs the rules by which features work together, and the numbers behind them.",
    ),
    Agent(
        "agent_06",
        "AIBehaviorDirector_LLM",
        "AI behaviour director, language models",
        "Designs what models may decide, how they are asked, and how their answers are judged.",
    ),
    Agent(
        "agent_07",
        "ContentScenarioDirector",
        "Content and scenario director",
        "Provides the texts, data and scenarios on which the product is used and tested.",
    ),
    Agent(
        "agent_08",
        "UX_UI_Director",
        "User experience and interface director",
        "Makes each task plain to do, for everybody, with any device.",
    ),
    Agent(
        "agent_09",
        "ArtDirector_Pixel_Animation_VFX",
        "Art director: images, animation, effects",
        "Keeps one look, and delivers images and motion in the form that the build needs.",
    ),
    Agent(
        "agent_10",
        "PerformanceStability_Lead",
        "Performance and stability lead",
        "Measures time, memory and failures, sets their budgets, and finds what breaks them.",
    ),
    Agent(
        "agent_11",
        "QA_TestEngineering_Lead",
        "Quality and test engineering lead",
        "Turns what done means into tests and gates, and tells a real failure from a flaky one.",
    ),
    Agent(
        "agent_12",
        "ToolsDevEx_Lead",
        "Tools and developer experience lead",
        "Keeps build, scripts and environments so that everybody can make and check a change fast.",
    ),
    Agent(
        "agent_13",
        "SteamRelease_Ops_Marketing",
        "Release, operations and marketing",
        "Prepares the release, its notes and its rollback, and watches how it is taken up.",
    ),
    Agent(
        "agent_14",
        "SoundDirector_Audio",
        "Sound director, audio",
        "Owns everything that is heard: sound, music, voice, levels and formats.",
    ),
    Agent(
        "agent_15",
        "ModelAssembler_KitbashLead",
        "Model assembly lead",
        "Puts parts that exist together into new ones, and keeps track of where each is from.",
    ),
)
AGENTS = {agent.agent_id: agent.label for agent in ROSTER}
