"""Say each invariant of the model check as a sentence for people."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "never ships red": "a round closes only after its required gates have passed",
    "ships what passed": "only a merge that passed every required gate is published",
    "asks before it goes on": "nothing that needs an approval happens without the approval",
    "never fails without a reason": "a sprint fails only if a gate failed or for a recorded reason",
    "judges what is there": "only verdicts on the present tree close a round or fail a sprint",
    "sends back within reason": "agents fix only failed gates, and only as often as allowed",
    "never gives up too soon": "no sprint fails at a gate while another fix is allowed",
    "a flaky gate is a human's": "a flaky gate closes no round, and no agent is asked to fix it",
    "builds as planned": "the planned tasks are all done, and in their order",
    "a hook's no counts": "a round closes only after its blocking hooks have succeeded",
    "nothing is left behind": "nothing runs or waits after the end of a sprint",
    "cancel means stopped": "a cancelled sprint starts nothing new",
    "a pause holds": "a paused sprint takes no further step",
    "within its bounds": "no more gates run in parallel than allowed; no round closes twice",
    "every wait has an owner": "a waiting sprint names who can continue it, or its deadline",
    "an agent's silence counts": "a round closes only after all its agents have replied",
    "an agent's end has a reason": "a sprint stops at an agent or a budget only with cause",
    "within its budget": "agents stay within their budget, and their usage is recorded",
    "answers reach their agent": "the agent gets the answer to its question",
    "who is asked can lead on": "an operator can answer every question and raise every budget",
    "late answers are refused": "a late reply of an agent changes nothing",
    "an agent works alone": "nothing else of the sprint runs while an agent works",
    "never falls over": "no step raises an exception",
    "every path ends": "no sprint runs forever",
}
