#!/usr/bin/env python3
"""Ask whether a locked dependency has a known vulnerability, and say truthfully what was asked.

    .ci/audit.py [--osv-url ADDRESS] [requirements.lock …]

Ends with 1 when there is one. Where the advisory source cannot be reached it says "not audited" and
ends with 0: a machine without a network must still be able to run its checks.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SECONDS = 600  # for all packages together


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--osv-url", default="https://api.osv.dev/v1/query")
    parser.add_argument("locks", nargs="*", type=Path, default=[Path("requirements.lock")])
    arguments = parser.parse_args()
    return max(audit(lock, arguments.osv_url) for lock in arguments.locks)


def audit(lock: Path, osv_url: str) -> int:
    answer = ask(lock, osv_url)
    if answer is None:
        print(f"{lock}: not audited: the advisory source cannot be reached")
        return 0
    skipped = [package for package in answer["dependencies"] if "skip_reason" in package]
    audited = len(answer["dependencies"]) - len(skipped)
    found = [(package, flaw) for package in answer["dependencies"] for flaw in package.get("vulns", [])]
    for package, flaw in found:
        fixed = ", ".join(flaw["fix_versions"]) or "no version"
        print(f"{lock}: {package['name']} {package['version']}: {flaw['id']}, mended in {fixed}")
    for package in skipped:
        print(f"{lock}: not audited: {package['name']}: {package['skip_reason']}")
    print(f"{lock}: {audited} packages audited, {len(skipped)} not, {len(found)} vulnerabilities")
    return 1 if found else 0


def ask(lock: Path, osv_url: str) -> dict[str, Any] | None:
    """What the advisories say of each package; None when nobody answered."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip"]
        command += ["--require-hashes", "--vulnerability-service", "osv", "--osv-url", osv_url]
        command += ["--timeout", "10", "--progress-spinner", "off", "--format", "json"]
        # It ends with 1 for findings and for its own failures alike; only the report tells them apart.
        try:
            subprocess.run(  # noqa: S603 - our own words, without a shell
                [*command, "--output", str(report)],
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        if not report.exists():
            return None
        answer: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return answer


if __name__ == "__main__":
    sys.exit(main())
