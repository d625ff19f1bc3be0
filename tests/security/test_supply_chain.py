"""No secret in the repository, every package named and hashed, and an audit that says what it knows."""

import json
import math
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AUDIT = ROOT / ".ci" / "audit.py"

# --- Secrets ---

PATTERNS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "a token of a Telegram bot": re.compile(r"(?<![\w-])\d{8,10}:AA[\w-]{33}(?![\w-])"),
    "a key of a cloud": re.compile(r"(?<!\w)(?:AKIA|ASIA)[0-9A-Z]{16}(?!\w)|AIza[\w-]{35}"),
    "a token of a code host": re.compile(r"(?<!\w)(?:gh[pousr]_\w{36}|glpat-[\w-]{20}|github_pat_\w{60,})"),
    "a token of a chat": re.compile(r"xox[baprs]-[\w-]{20,}"),
    "a signed token": re.compile(r"eyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{15,}"),
    "a password in an address": re.compile(
        r"\w+://[^/\s:@'\"{}<]+:(?!password@|\$\{)[^/\s:@'\"{}<]{4,}@[\w.-]+"
    ),
    "a value that looks drawn by lot": re.compile(
        r"(?i)(?:secret|token|password|passwd|api_?key)\w*['\"]?\s*[:=]\s*['\"](?=[^'\"]*\d)([\w+/=-]{20,})['\"]"
    ),
}
LEAST_BITS = 3.6  # a letter, of what is drawn by lot; words have less
NEVER_KEPT = re.compile(r"(?:^|/)\.env$|\.(?:pem|key|p12|pfx|db|sqlite3?)$")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).exists()]


def secrets_in(text: str) -> list[str]:
    found = []
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            value = match[1] if match.re.groups else ""
            if not value or bits_a_letter(value) >= LEAST_BITS:
                found.append(kind)
    return found


def bits_a_letter(text: str) -> float:
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


PLANTED = {
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a token of a Telegram bot": "123456789:" + "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0",
    "a key of a cloud": "AKIA" + "IOSFODNN7EXAMPLE",
    "a token of a code host": "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    "a token of a chat": "xoxb-" + "2051234567-abcdefghijklmnop",
    "a signed token": "eyJhbGciOi" + "JIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "a password in an address": "postgresql://hocvuso:" + "mat7khau@db/hocvuso",
    "a value that looks drawn by lot": "SECRET_KEY = '" + "q8Zr2LmX0vTy7WbN4kEs9HdJ" + "'",
}


@pytest.mark.parametrize("kind", PATTERNS)
def test_a_secret_of_each_kind_would_be_found(kind: str):
    assert kind in secrets_in(f"first line\n{PLANTED[kind]}\nlast line")


def test_no_tracked_file_holds_a_secret():
    files = tracked()

    found = {}
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture, a model
            continue
        if secrets := secrets_in(text):
            found[str(path.relative_to(ROOT))] = secrets

    assert len(files) > 300
    assert found == {}


def test_no_file_is_tracked_that_holds_keys_or_data():
    assert [str(path) for path in tracked() if NEVER_KEPT.search(path.as_posix())] == []


# --- What the program is made of ---


def locked(name: str) -> dict[str, str]:
    """Package → the lines of the lock that belong to it."""
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text(encoding="utf-8"))
    return {re.split(r"[=\[ ]", entry)[0]: entry for entry in entries if "==" in entry}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_every_locked_package_has_one_version_and_its_hashes(name: str):
    entries = locked(name)

    assert len(entries) > 60
    assert [package for package, entry in entries.items() if "--hash=sha256:" not in entry] == []
    assert [
        package for package, entry in entries.items() if not re.match(r"[\w.\[\],-]+==[\w.+!-]+", entry)
    ] == []


def test_the_list_of_parts_names_every_locked_package(tmp_path: Path):
    path = tmp_path / "sbom.json"
    command = [
        "make",
        "-s",
        "-o",
        ".venv/.installed-test",
        "sbom",
        f"SBOM={path}",
        f"BIN={Path(sys.executable).parent}",
    ]

    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=110)

    sbom = json.loads(path.read_text(encoding="utf-8"))
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == ("CycloneDX", "hocvuso")
    parts = {(part["name"].lower(), part["version"]) for part in sbom["components"]}
    wanted = {
        (package, match[1])
        for package, entry in locked("requirements.lock").items()
        if (match := re.search(r"==([\w.+!-]+)", entry))
    }
    assert parts == wanted


# --- The audit ---


class Advisories(BaseHTTPRequestHandler):
    """The advisory source: knows one flaw, of jinja2 2.4.1."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_flawed = (asked["package"]["name"], asked["version"]) == ("jinja2", "2.4.1")
        flaw = {
            "id": "GHSA-test",
            "summary": "made up",
            "affected": [
                {
                    "package": {"name": "jinja2", "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.5.5"}]}],
                }
            ],
        }
        body = json.dumps({"vulns": [flaw]} if is_flawed else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def advisories() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        server.shutdown()
        thread.join()


def audit(osv_url: str, tmp_path: Path, *packages: str) -> subprocess.CompletedProcess[str]:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "".join(f"{package} --hash=sha256:{'0' * 64}\n" for package in packages), encoding="utf-8"
    )
    command = [sys.executable, str(AUDIT), "--osv-url", osv_url, lock.name]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)


def test_a_known_flaw_fails_the_audit_and_is_named(tmp_path: Path):
    with advisories() as url:
        done = audit(url, tmp_path, "jinja2==2.4.1", "anyio==4.12.0")

    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "requirements.lock: jinja2 2.4.1: GHSA-test, mended in 2.5.5",
        "requirements.lock: 2 packages audited, 0 not, 1 vulnerabilities",
    ]


def test_an_audit_without_findings_says_how_many_it_asked_for(tmp_path: Path):
    with advisories() as url:
        done = audit(url, tmp_path, "jinja2==3.1.6", "anyio==4.12.0")

    assert (done.returncode, done.stdout) == (
        0,
        "requirements.lock: 2 packages audited, 0 not, 0 vulnerabilities\n",
    )


def test_where_nobody_answers_the_audit_says_so_and_is_no_failure(tmp_path: Path):
    done = audit("http://127.0.0.1:9/v1/query", tmp_path, "jinja2==2.4.1")

    assert (done.returncode, done.stdout) == (
        0,
        "requirements.lock: not audited: the advisory source cannot be reached\n",
    )


def test_the_audit_is_part_of_what_must_pass():
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert ".ci/audit.py requirements.lock requirements-test.lock" in steps
    assert "make sbom" in steps
