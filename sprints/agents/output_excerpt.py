"""Cut the head and the tail of a gate run's output, for prompts and events."""

from pathlib import Path

from sprints.agents.output_reader import HEAD_BYTES, TAIL_BYTES, ends_of
from sprints.prompts.fix_instructions import OUTPUTS
from sprints.prompts.reply_format import plain


def excerpt(folder: Path) -> str:
    """Return head and tail of a run's output: at most some 12 KiB."""
    parts = []
    for name in OUTPUTS:
        head, left_out, tail = ends_of(folder / name, HEAD_BYTES, TAIL_BYTES)
        cut = f"\n[… {left_out} bytes left out …]\n" if left_out else ""
        if text := f"{plain(head)}{cut}{plain(tail)}".strip("\n"):
            parts.append(f"{name}:\n{text}\n")
    return "".join(parts)
