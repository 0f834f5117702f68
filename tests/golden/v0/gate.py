"""The gate of the store's sprints: what calc.py and report.py say."""

import sys
from pathlib import Path

sys.path.insert(0, "")
from calc import add

if add(2, 3) != 5:
    print(f"calc.py: add(2, 3) is {add(2, 3)}, and not 5")
    sys.exit(7)
if Path("report.py").exists():
    from report import report

    assert report() == "5 in all"
print("all is well")
