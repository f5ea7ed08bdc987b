"""`numeral doctor`: check everything that a service needs, and say what to do about what is missing.

numeral doctor [--json]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from app.doctor.examination import examine
from app.doctor.finding import Finding
from app.settings import BadSettings, load_settings

REMEDY = "correct the setting that it names; deploy/README.md lists them all"


def main(argv: Sequence[str]) -> int:
    """Print the findings; return 1 if something fails, else 0, also with warnings."""
    parser = argparse.ArgumentParser(
        prog="numeral doctor",
        description="Check settings, rights, disk, versions, a prediction, database, clock, telemetry and port, as the "
        "service with this environment and in this folder would find them. Exit status 1 if something fails.",
    )
    parser.add_argument("--json", action="store_true", help="for programs: an object with `ok` and the `findings`")
    options = parser.parse_args(argv)
    try:
        findings = list(examine(load_settings()))
    except BadSettings as error:
        findings = [Finding("settings", "failing", str(error), REMEDY)]
    is_well = all(finding.state != "failing" for finding in findings)
    if options.json:
        shown = {"ok": is_well, "findings": [finding._asdict() for finding in findings]}
        print(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        print("\n".join(map(as_text, findings)))
    return 0 if is_well else 1


def as_text(finding: Finding) -> str:
    """The finding as a line, and its remedy as a second one."""
    line = f"{finding.state:<8} {finding.check:<11} {finding.detail}"
    return f"{line}\n{'':<20} → {finding.remedy}" if finding.remedy else line
