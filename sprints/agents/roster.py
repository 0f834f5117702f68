"""The fifteen agents of the studio: their names, and the card that each begins with."""

from dataclasses import dataclass

ROLES = (
    "ExecutiveProducer_PM",
    "GameDirector_ProductOwner",
    "TechnicalDirector_Architecture",
    "NetworkingDeterminism_Lead",
    "GameplaySystemsDesigner",
    "AIBehaviorDirector_LLM",
    "ContentScenarioDirector",
    "UX_UI_Director",
    "ArtDirector_Pixel_Animation_VFX",
    "PerformanceStability_Lead",
    "QA_TestEngineering_Lead",
    "ToolsDevEx_Lead",
    "SteamRelease_Ops_Marketing",
    "SoundDirector_Audio",
    "ModelAssembler_KitbashLead",
)
AGENTS = {f"agent_{number:02d}": role for number, role in enumerate(ROLES, 1)}


@dataclass(frozen=True, slots=True)
class Card:
    """What a new store says of an agent; its owner may change label and mission."""

    agent_id: str
    label: str
    role: str
    mission: str


_CARDS = {
    "agent_01": (
        "Producer",
        "Plan, scope and cadence; decides by what the others say and triages faults. No code.",
    ),
    "agent_02": (
        "Product owner",
        "Vision and pillars, acceptance criteria that can be checked, and what is cut.",
    ),
    "agent_03": (
        "Architect",
        "Boundaries between the parts, contracts of data and interfaces, health of the code.",
    ),
    "agent_04": (
        "Determinism and networking",
        "The same input gives the same result on every machine; protocols. Advice, unless asked.",
    ),
    "agent_05": (
        "Systems designer",
        "The rules of the product and their numbers: what acts on what, and how strongly.",
    ),
    "agent_06": (
        "AI behaviour",
        "What automatic actors and language models do, their prompts, and scenarios that judge it.",
    ),
    "agent_07": (
        "Content",
        "Scenarios, texts and data that the product ships, and that they stay varied and coherent.",
    ),
    "agent_08": (
        "UX and UI",
        "Screens, words and flows: that they can be learnt, read and operated by everybody.",
    ),
    "agent_09": (
        "Art",
        "The look: style, pictures, animation and effects, and that they stay one style.",
    ),
    "agent_10": (
        "Performance and stability",
        "Budgets of time and memory, profiles, and no regression that nobody has measured.",
    ),
    "agent_11": (
        "QA and test engineering",
        "Smoke and regression suites, reproduction of faults, and what a gate can assert.",
    ),
    "agent_12": (
        "Tools and developer experience",
        "Commands, headless runs, validators and reproducible builds for everybody else.",
    ),
    "agent_13": (
        "Release and operations",
        "Packaging, versions, notes for users, and what the world is told of a release.",
    ),
    "agent_14": ("Sound", "Effects, ambience and music, and the right to use them."),
    "agent_15": (
        "Model assembly",
        "Models built of parts: their kits, their sizes and how they fit together.",
    ),
}
CARDS = tuple(
    Card(agent_id, label, AGENTS[agent_id], mission)
    for agent_id, (label, mission) in _CARDS.items()
)
