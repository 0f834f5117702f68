"""The fifteen agents of the studio."""

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
