"""Write docs/openapi.json: the interface's own description."""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "openapi.json"


def text() -> str:
    """Return the document's text; needs Django set up."""
    from sprints.views.api.document import document

    return json.dumps(document(), indent=2, sort_keys=True) + "\n"


def main() -> int:
    """Write the file; return the exit code."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    import django

    django.setup()
    FILE.write_text(text(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
