"""Write tests/TIMES.md: the time of every test file, from a report of pytest."""

import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "tests" / "TIMES.md"

PAGE = """\
# Times of the test files

For people who make the tests faster. `make test` writes the report `build/tests.xml`, and
`python tools/suite_times.py build/tests.xml` writes this page from it. The seconds are those of the
tests, with what they wait for and what they share. Five tests run at once, so the sum is up to
five times the time of `make test`.

{tests} tests in {files} files, {seconds:.0f} s in all.

| file | tests | seconds |
|---|---:|---:|
{rows}
"""


def page(report: str) -> str:
    """Return the page, with the slowest file first."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for case in ElementTree.fromstring(report).iter("testcase"):
        file = case.attrib["classname"].replace(".", "/") + ".py"
        seconds[file].append(float(case.attrib["time"]))
    slowest_first = sorted(seconds.items(), key=lambda one: (-sum(one[1]), one[0]))
    return PAGE.format(
        tests=sum(map(len, seconds.values())),
        files=len(seconds),
        seconds=sum(map(sum, seconds.values())),
        rows="\n".join(
            f"| `{file}` | {len(one)} | {sum(one):.1f} |" for file, one in slowest_first
        ),
    )


def main() -> None:
    """Write the page."""
    FILE.write_text(page(Path(sys.argv[1]).read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
