#!/usr/bin/env bash
# croniter joins "*/2" in the day field with a weekday by OR, unlike Vixie's cron.
#
# Package: croniter 7.0.0, from PyPI.
# Guess:   croniter's documentation says that day and weekday are combined by OR "like cron" where
#          both are restricted. In Vixie's cron (crontab(5) of Debian and of cronie) a field that
#          begins with "*" is not restricted, so "0 9 */2 * mon" means a Monday with an odd date:
#          after 2026-12-01 the next are 7 and 21 December.
# Seen:    by default it is due on each odd date and on each Monday: 1, 3, 5 and 7 December. Only
#          with implement_cron_bug=True is it 7 and 21 December. A field that is "*" alone is
#          unrestricted in both.
# Exit:    0 while that holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check croniter==7.0.0 2>/dev/null
"$folder/venv/bin/python" - <<'PROGRAM'
from datetime import datetime

from croniter import croniter


def days(cron, count, **options):
    due = croniter(cron, datetime(2026, 12, 1), **options)
    return [due.get_next(datetime).strftime("%a %d") for _ in range(count)]


star_step = days("0 9 */2 * mon", 4)
as_cron = days("0 9 */2 * mon", 2, implement_cron_bug=True)
star = days("0 9 * * mon", 2)
print("0 9 */2 * mon, by default:               ", star_step)
print("0 9 */2 * mon, implement_cron_bug=True:  ", as_cron)
print("0 9 * * mon, by default:                 ", star)
assert star_step == ["Tue 01", "Thu 03", "Sat 05", "Mon 07"]
assert as_cron == ["Mon 07", "Mon 21"]
assert star == ["Mon 07", "Mon 14"]
PROGRAM
