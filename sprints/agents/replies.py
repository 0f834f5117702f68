"""The four parts of every reply: Status, Deliverables, Questions, Next actions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """An agent's answer. ``questions`` are blockers only, three at the most."""

    status: str
    deliverables: tuple[str, ...]
    questions: tuple[str, ...]
    next_actions: tuple[str, ...]

    def text(self) -> str:
        """The reply as agents write it."""
        parts = [f"Status: {self.status}"]
        for title, lines in (
            ("Deliverables", self.deliverables),
            ("Questions", self.questions or ("None",)),
            ("Next actions", self.next_actions),
        ):
            parts += [f"{title}:", *(f"- {line}" for line in lines)]
        return "\n".join(parts) + "\n"
