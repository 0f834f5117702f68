"""Texts for why a sprint stopped and what it waits for, by code."""

from collections.abc import Mapping

REASON_TEXTS: Mapping[str, str] = {
    # Where a human is asked for an approval.
    "approval.before_build": "to begin building",
    "approval.before_ship": "to ship",
    "approval.protected_paths": "for changes to protected files",
    # Why a sprint stopped.
    "exit_code": "exit code {exit_code}",
    "no_exit_code": "without an exit code",
    "with_detail": "{text}: {detail}",
    "stop.gate_failed": "gate {gate_id} failed, {exit}",
    "stop.gate_flaky": "gate {gate_id} failed in run {first} and passed in run {last}"
    " on the same tree",
    "stop.agent_failed": "agent {agent_id} did not answer: {detail}",
    "stop.no_workspace": "agent {agent_id} was not started: {detail}",
    "stop.agent_asks": "{agent_id} asks: {questions}",
    "stop.hook_failed": "hook {hook_id} failed: {detail}",
    "stop.ship_refused": "the passed work cannot be shipped: {detail}",
    "stop.paths_unknown": "protected paths could not be compared: {detail}",
    "stop.approval_needed": "waits for the approval {approval}",
    "stop.approval_rejected": "{by} rejected the approval {approval}",
    "stop.approval_expired": "the approval {approval} expired at {until_ts} without a decision",
    "stop.budget": "the agent budget is used up: {amount}",
    "stop.deadline": "round {round_id} exceeded its {minutes} minutes",
    "stop.engine_error": "the engine could not run the sprint: {detail}",
    "stop.cancelled_by_user": "cancelled by {by}",
    "stop.cancelled_by_somebody": "cancelled by a user",
    "stop.other": "{detail}",
    "stop.unknown": "no reason was recorded",
    # What the engine records as a reason; replay compares these texts with recorded ones.
    "reason.lost": "the gateway ended before the {what} did",
    "reason.lost_too_often": "{reason}, {times} times: it may be the {what} that ends it",
    "reason.lost_times": "{reason}, {times} times",
    "reason.budget_ended": "the sprint's minutes for agents ended",
    "reason.imported": "imported",
    "reason.exit_imported": "exit code {exit_code}, imported",
    "reason.engine_fell": "the engine fell",
    "reason.undecided": "nobody had decided",
    "reason.one_round": "one round was asked for, {round_id}",
    "reason.base_moved": "{where} moved {times} times while gates judged",
    "reason.fixes_used_up": "sent back {times} times already",
    "reason.same_failure": "the same tree failed in the same way before",
    "reason.same_tree": "the tree is again one that had failed before the last",
    "note.overdue": "over its minutes: {minutes}",
    # The same as the heading of a sprint's page; ``where`` is the short name of the round.
    "banner.gate_failed": "A gate failed in {where}.",
    "banner.gate_failed_run": "Gate {gate_id} failed in {where}, exit code {exit_code}.",
    "banner.gate_timed_out": "Gate {gate_id} timed out in {where}{because}.",
    "banner.gate_error": "Gate {gate_id} ended with an error in {where}{because}.",
    "banner.gate_other": "Gate {gate_id} {verdict} in {where}{because}.",
    "banner.not_sent_back": "Not sent back: {detail}.",
    "banner.hook_failed": "Hook {hook_id} failed in {where}: the sprint is blocked.",
    "banner.agent_asks": "{agent_id} asks in {where} a question that only a human can answer.",
    "banner.approval_needed": "The sprint waits in {where} for the approval {approval}.",
    "banner.approval_rejected": "The approval {approval} was rejected in {where}.",
    "banner.approval_expired": "The approval {approval} expired in {where} without a decision.",
    "banner.budget": "The agent budget is used up in {where}: {amount}. The sprint is blocked until"
    " an operator raises the budget.",
    "banner.agent_failed": "{agent_id} did not answer in {where}.",
    "banner.no_workspace": "The gateway could not prepare the workspace of {agent_id} in {where}.",
    "banner.deadline": "Round {where} exceeded its {minutes} minutes.",
    "banner.engine_error": "The engine could not run the sprint in {where}.",
    "banner.other": "The sprint has stopped in {where}.",
    # What a sprint waits for.
    "wait.start": "a start",
    "wait.retry": "a retry; {reason}",
    "wait.foreign": "a retry; the sprint was imported",
    "wait.resume": "a resume; paused by {paused_by}",
    "paused_by_settings": "its settings",
    "since": " since {since_ts}",
    "in_brackets": " ({text})",
    "wait.all_paused": "a resume; automation_paused is set",
    "wait.answer": "an answer to {agent_id}: {questions}",
    "wait.approval": "the approval {approval} (sprint approve {sprint_id})",
    "wait.budget": "more {resource}, {amount} used (sprint budget {sprint_id} --{resource} N)",
    "wait.hook": "hook {hook_id} at {point}",
    "wait.agent": "agent {agent_id}, {kind}",
    "wait.gate": "gate {gates}",
    "wait.ship": "git, {step} the passed work",
    "wait.turn": "its turn, {turn}; sprint {before} is running in the repository",
    "wait.limit": "its turn, {turn}; {most} sprints run already (max_concurrent_global)",
    "wait.queued": "its turn, {turn}",
    "wait.no_worker": "a worker, {turn}; none is alive, start one with: studio-gateway worker",
    "wait.no_answer": "a worker, {turn}; the workers do not respond, see: studio-gateway doctor",
    "wait.is_next": "next of {places}",
    "wait.place": "place {place} of {places}",
    "wait.next_step": "its next step",
    "wait.cancelled": "{text} to end, cancelled by {by}",
}

OUTCOME_TEXTS: Mapping[str, str] = {
    # Why a gate, an agent, a hook or git did not succeed, beside what they print themselves.
    "outcome.no_output_folder": "no place for its output: {error}",
    "outcome.output_not_shown": "{reason}; its output is not shown: {error}",
    "outcome.round_ended": "the minutes of {round_id} ended; {reason}",
    "outcome.cut_off": "{reason}; it tried to reach a host that its network setting does not"
    " allow; to allow a host: studio-gateway gate set {gate_id} --network HOST, or --network all",
    "outcome.cut_off_here": "{reason}; it tried to reach a service of this machine, which its"
    " network setting does not allow; to allow a service:"
    " studio-gateway gate set {gate_id} --network localhost:PORT",
    "outcome.refused": "{reason}; its network refused {hosts}; to allow hosts:"
    " studio-gateway gate set {gate_id} --network HOST,HOST, or --network all",
    "outcome.agent_cut_off": "{reason}; its network refused {hosts}; to allow hosts:"
    " studio-gateway agent set {agent_id} --network {kept}HOST,HOST, or --network all",
    "outcome.no_tree": "no tree to judge: {error}",
    "outcome.not_restored": "what it changed cannot be put back: {error}",
    "outcome.and": "{reason}; {error}",
    "outcome.withheld_secret": "looks like a secret and stays in the clone: {paths}; commit it"
    " there yourself, or name it in .gitignore",
    "outcome.withheld_large": "larger than 10 MiB and stays in the clone: {paths}; commit it there"
    " yourself, or name it in .gitignore",
    "outcome.committed_secret": "its commits add what looks like a secret: {paths}",
    "outcome.committed_large": "its commits add files larger than 10 MiB: {paths}",
    "outcome.blocking": "no plain files, so they are removed: {paths}",
    "outcome.stays": "{path} cannot be removed or replaced; the clone is kept as {aside}, and the"
    " next step gets a new one; make sure that the gate or agent leaves files that your user can"
    " delete, then type: sudo rm -rf {aside}",
    "outcome.filtered": "{path} has the attribute filter={filter}, and the gateway runs no filters:"
    " nothing was committed; move the file out of {clone} and commit it yourself",
    "outcome.ignored_in_commits": "its commits add {path}, which your git ignores",
    # Agents.
    "outcome.no_prompt_file": "no place for its prompt: {error}",
    "outcome.no_home": "no place for its HOME: {error}",
    "outcome.not_signed_in": "the private HOME of {agent_id} has no sign-in, because there is no"
    " {path}; sign in with: {command}",
    "outcome.no_clone": "no place to work in: {error}",
    "outcome.not_begun": "the attempt had not begun",
    "outcome.timed_out": "timed out; {reason}",
    "outcome.printed": "{text} ({reason})",
    "outcome.no_reply": "no reply: {error}",
    "outcome.denied": "denied: {tools}",
    "outcome.session_unknown": "its session is not known any more; {reason}",
    "unreadable.empty": "it is empty",
    "unreadable.no_status": "it has no line that begins with Status:",
    "unreadable.empty_status": "its Status is empty",
    "unreadable.example": "it ends with the example of its prompt",
    "unreadable.no_object": "no JSON object in it has {key}",
    # Hooks.
    "outcome.hook_not_begun": "stopped before it began",
    "outcome.no_input_file": "no place for its input: {error}",
    "outcome.hook_gone": "the hook is removed or disabled",
    "outcome.hook_disabled": "the hook is disabled",
    "outcome.hook_removed": "the hook is removed",
    "outcome.hook_lost": "started {times} times, each time without a known end",
    "outcome.own_doing": "events that a hook has caused are not delivered to a command",
    "outcome.http": "HTTP {status}",
    "outcome.http_redirect": "HTTP {status}; redirects are not followed",
    "outcome.http_late": "no answer within {timeout_s} s",
    "outcome.http_none": "no HTTP answer: {error}",
    "outcome.certificate": "its certificate was not accepted: {error}",
    # Shipping.
    "outcome.cancelled": "the sprint was cancelled before",
    "outcome.cancelled_unknown": "the sprint was cancelled while git published to {branch}, and git"
    " does not answer; see whether the work is there",
    "outcome.submodules": "{branch} has submodules ({path})",
    "outcome.conflict": "it conflicts with {branch} in {paths}",
    "outcome.unsound": "git rejects a file of the clone: {error}; change or remove the file",
    "outcome.rewound_conflict": "{branch} no longer has {commit}, from which the sprint began,"
    " and without that commit the work conflicts in {paths};"
    " apply the work by hand: git -C {repo} fetch {own} {work}"
    " && git -C {repo} cherry-pick {commit}..FETCH_HEAD",
    "outcome.rewound_work": "the work of {sprint_id} contains {commit}, which {branch} no longer"
    " has; create a new sprint: studio-gateway sprint create NAME",
    "outcome.rewound_here": "{branch} no longer has {commit} here, but {remote} still has it;"
    " to drop it there too: git -C {repo} push --force-with-lease {remote} {branch};"
    " to get it back: git -C {repo} pull {remote} {branch}",
    "outcome.rewound_there": "{remote} no longer has {commit}, but {branch} here still has it;"
    " to drop it here too: git -C {repo} fetch {remote} && git -C {repo} reset --keep"
    " {remote}/{branch}; to put it back: git -C {repo} push {remote} {branch}",
    "outcome.detached": "it began at a detached HEAD: there is no branch to ship it to",
    "outcome.no_branch": "the branch {branch} is gone from {repo}",
    "outcome.shallow": "{repo} is a shallow clone; type: git -C {repo} fetch --unshallow",
    "outcome.tag_taken": "the tag {tag} is there already; type: git -C {repo} tag -d {tag}",
    "outcome.tag_certificate": "the tag {tag} is the certificate of another release and stays;"
    " create a new sprint: studio-gateway sprint create NAME",
    "outcome.tag_of_remote": "the tag {tag} is there already at {remote} and may be the certificate"
    " of another release; create a new sprint: studio-gateway sprint create NAME",
    "outcome.tag_there": "the tag {other} at {remote} leaves no name for {tag};"
    " type: git -C {repo} push {remote} :refs/tags/{other}",
    "outcome.tag_above": "the tag {above} leaves no name for {tag};"
    " type: git -C {repo} tag renamed-{above} {above} && git -C {repo} tag -d {above}",
}
