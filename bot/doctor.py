"""What is right with an installation and what is not: one function a check, each with a finding.

A finding says what was found, what was expected, and what to do. The checks change nothing; those of
accounts on channels are in `bot.doctor_channels`.
"""

import datetime as dt
import importlib.util
import ipaddress
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import text

from bot.assembly import KEY_RING, database_url
from bot.channels.accounts import FILE_NAME
from bot.channels.capabilities import WEBCHAT
from bot.settings import Settings
from knowledge.check import check_content
from knowledge.guide import ContentError
from knowledge.library import CONTENT, load_library
from records import health, outbox
from records.backup import backups, newest_backup
from records.communes import find_commune
from records.database import Database, DatabaseError, open_database, sqlite_is_fixed
from records.health import Waiting
from records.migrate import current_revision, head_revision
from retrieval.encoder import MODEL
from retrieval.train_state import content_hash, read_trained_on

GIB = 2**30
LITTLE_DISK, TOO_LITTLE_DISK = 2 * GIB, GIB // 4
OLD_BACKUP, TOO_OLD_BACKUP = dt.timedelta(days=2), dt.timedelta(days=7)
SLOW, STUCK = dt.timedelta(seconds=30), dt.timedelta(minutes=10)
MANY_PENDING = 2_000  # the web chat says it is busy (reliability.md §2.5)
RECENT = dt.timedelta(days=7)  # how far back failures are counted
ZERO = dt.timedelta(0)

State = Literal["ok", "warn", "bad"]
ChannelChecks = Callable[[Settings, Database], Iterable["Finding"]]


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    state: State
    found: str
    expected: str = ""  # '' and no `todo`: it is as it should be
    todo: str = ""


def examine(settings: Settings, *, now: dt.datetime, channels: ChannelChecks) -> Iterator[Finding]:
    """Everything; `channels` are the checks that need the database and stand elsewhere."""
    yield check_address(settings)
    yield check_folder(settings)
    yield check_secrets(settings)
    yield check_disk(settings)
    yield check_content_files(settings, today=now.date())
    yield check_model(settings)
    yield check_backups(settings, now=now)
    database, finding = look_into_database(settings)
    yield finding
    if database is not None:
        with closing(database):
            yield check_sqlite(database)
            yield check_commune(settings, database)
            yield check_inbox(database, now=now)
            yield check_outbox(database, now=now)
            yield check_staff(settings, database)
            yield from channels(settings, database)


def check_address(settings: Settings) -> Finding:
    """Whether what others can reach is reached with https."""
    public, host = settings.public_url, settings.host
    if public and not public.startswith("https://"):
        return Finding(
            "address", "bad", public, "https://…", "put a proxy with TLS in front and set HOCVUSO_PUBLIC_URL"
        )
    if public is None and not _is_loopback(host):
        return Finding(
            "address",
            "warn",
            f"listens on {host} without HOCVUSO_PUBLIC_URL",
            "an https address for what others reach",
            "set HOCVUSO_PUBLIC_URL=https://…; cookies are then for https alone",
        )
    return Finding("address", "ok", public or f"this machine only ({host}:{settings.port})")


def check_folder(settings: Settings) -> Finding:
    folder = settings.data_folder
    if not folder.is_dir():
        return Finding(
            "data folder", "bad", f"no {folder}", "a folder", "run `hocvuso serve` or `hocvuso db upgrade`"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            "data folder",
            "bad",
            f"{folder} cannot be written",
            "the user's own folder",
            f"chown it: {folder}",
        )
    mode = folder.stat().st_mode & 0o777
    if mode & 0o077:
        return Finding(
            "data folder", "warn", f"{folder} is open to others ({mode:o})", "700", f"chmod 700 {folder}"
        )
    return Finding("data folder", "ok", str(folder))


def check_secrets(settings: Settings) -> Finding:
    """Files with keys and tokens: nobody else may read them."""
    paths = [settings.data_folder / name for name in (KEY_RING, FILE_NAME)]
    there = [path for path in paths if path.exists()]
    for path in there:
        if mode := path.stat().st_mode & 0o077:
            return Finding(
                "secrets", "bad", f"{path} is open to others ({mode:o})", "600", f"chmod 600 {path}"
            )
    return Finding("secrets", "ok", ", ".join(path.name for path in there) or "none yet")


def check_disk(settings: Settings) -> Finding:
    folder = next(path for path in (settings.data_folder.absolute(), *settings.data_folder.absolute().parents)
                  if path.exists())  # fmt: skip
    free = shutil.disk_usage(folder).free
    found = f"{free / GIB:.1f} GiB free"
    if free < LITTLE_DISK:
        state: State = "bad" if free < TOO_LITTLE_DISK else "warn"
        return Finding("disk", state, found, f"{LITTLE_DISK / GIB:.0f} GiB", "make room: old backups first")
    return Finding("disk", "ok", found)


def check_sqlite(database: Database, *, version: tuple[int, ...] | None = None) -> Finding:
    """Some versions of SQLite can break a file that two processes write (reliability.md §2.3)."""
    if not database.is_sqlite:
        return Finding("SQLite", "ok", "not used")
    driver = database.engine.dialect.dbapi
    assert driver is not None
    version = version or driver.sqlite_version_info
    found = ".".join(str(number) for number in version)
    if not sqlite_is_fixed(version):
        return Finding(
            "SQLite",
            "warn",
            found,
            "3.51.3 or newer: this one can break a file that two processes write",
            "pip install pysqlite3, or run one process only and make backups while it is stopped",
        )
    return Finding("SQLite", "ok", found)


def look_into_database(settings: Settings) -> tuple[Database | None, Finding]:
    """The database, open, when it can be used; the caller closes it. Makes and migrates nothing."""
    path = settings.data_folder / "hocvuso.db"
    if settings.database_url is None and not path.exists():
        return None, Finding(
            "database", "bad", f"no {path}", "a database", "run `hocvuso serve` or `hocvuso db upgrade`"
        )
    try:
        database = open_database(database_url(settings))  # checks what makes commits durable, too
    except DatabaseError as error:
        return None, Finding("database", "bad", str(error), "a database that can be used", "see the message")
    revision, head = current_revision(database), head_revision()
    if revision != head:
        database.close()
        return None, Finding(
            "database", "bad", f"schema {revision}", f"schema {head}", "run `hocvuso db upgrade`"
        )
    return database, Finding(
        "database", "ok", f"{_kind_of(database)}, schema {revision}, commits are durable"
    )


def check_commune(settings: Settings, database: Database) -> Finding:
    with database.read() as session:
        commune = find_commune(session, settings.commune)
        if commune is None:
            return Finding(
                "commune",
                "bad",
                f"HOCVUSO_COMMUNE={settings.commune}",
                "the slug of a commune that is here",
                "`hocvuso commune list` names them, `hocvuso commune set` makes one",
            )
        missing = [field for field in ("phone", "hours") if not getattr(commune, field)]
        if missing:
            return Finding(
                "commune",
                "warn",
                f"{commune.name}: no {' and no '.join(missing)}",
                "a number that people in need can call, and when",
                f"hocvuso commune set {commune.slug} --phone … --hours …",
            )
        return Finding("commune", "ok", f"{commune.name}{' (a sample)' if commune.is_sample else ''}")


def check_content_files(settings: Settings, *, today: dt.date) -> Finding:
    folder = settings.content_folder or CONTENT
    problems = check_content(folder, today=today)
    errors = [problem for problem in problems if problem.severity == "error"]
    broken = [problem for problem in errors if not problem.found.startswith("expires:")]
    if broken:
        return Finding(
            "content", "bad", f"{len(broken)} errors, first: {broken[0]}", "none", "hocvuso knowledge check"
        )
    guides = load_library(folder).guides.values()
    expired = [guide.slug for guide in guides if guide.is_expired(today)]
    if expired:
        return Finding(
            "content",
            "warn",
            f"{len(expired)} of {len(guides)} guides have expired: {', '.join(expired[:3])}",
            "facts that were looked at in time",
            "review them; until then people are sent to a person",
        )
    warnings = len(problems)
    return Finding("content", "ok", f"{len(guides)} guides, {warnings} warnings of the check")


def check_model(settings: Settings) -> Finding:
    """Whether the encoder is there and knows the content."""
    if settings.encoder is not None:
        if importlib.util.find_spec("sentence_transformers") is None:
            return Finding(
                "model",
                "bad",
                f"HOCVUSO_ENCODER={settings.encoder} without its library",
                "the extra `models`",
                'pip install "hocvuso[models]", or unset HOCVUSO_ENCODER',
            )
        return Finding("model", "ok", settings.encoder)
    try:
        library = load_library(settings.content_folder or CONTENT)
    except ContentError as error:
        return Finding("model", "bad", str(error), "content that can be read", "hocvuso knowledge check")
    if content_hash(library) != read_trained_on(MODEL):
        return Finding(
            "model",
            "warn",
            "the shipped model was trained on other content",
            "the same",
            "make train; without it new guides are found less well",
        )
    return Finding("model", "ok", f"trained on these {len(library.guides)} guides")


def check_backups(settings: Settings, *, now: dt.datetime) -> Finding:
    folder = settings.data_folder / "backups"
    newest = newest_backup(folder)
    if newest is None:
        if settings.database_url and not settings.database_url.startswith("sqlite"):
            return Finding("backups", "ok", "made by PostgreSQL's own tools: look there")
        return Finding("backups", "warn", f"none in {folder}", "one a day", "hocvuso db backup")
    age = now - newest
    found = f"{sum(len(backups(folder, suffix)) for suffix in ('.db', '.dump'))}, the newest {ago(age)}"
    if age > OLD_BACKUP:
        state: State = "bad" if age > TOO_OLD_BACKUP else "warn"
        return Finding("backups", state, found, "one a day", "hocvuso db backup; is the server running?")
    return Finding("backups", "ok", found)


def check_inbox(database: Database, *, now: dt.datetime) -> Finding:
    with database.read() as session:
        waiting = health.waiting_messages(session, since=now - RECENT)
    todo = "is `hocvuso serve` running? its log says what fails"
    return _of_waiting("inbox", "messages", waiting, "answered within seconds", todo, now)


def check_outbox(database: Database, *, now: dt.datetime) -> Finding:
    with database.read() as session:
        waiting = health.waiting_replies(session, since=now - RECENT, fetched=WEBCHAT)
        sent = sum(count for (_, state), count in outbox.states(session).items() if state == "sent")
    todo = "look at the lines of the channels below"
    finding = _of_waiting("outbox", "replies", waiting, "sent within seconds", todo, now)
    return finding if finding.state != "ok" else Finding("outbox", "ok", f"{finding.found}, {sent} sent")


def check_staff(settings: Settings, database: Database) -> Finding:
    with database.read() as session:
        able, bare = health.staff_without_second_factor(session)
    if not able:
        return Finding(
            "staff", "bad", "nobody can sign in", "an account", "open the link that `hocvuso serve` prints"
        )
    if bare and settings.secure_cookies:
        return Finding(
            "staff",
            "warn",
            f"{bare} of {able} accounts have no second factor",
            "one each: the site is open to the Internet",
            "let them sign in: the site asks them to set it up first",
        )
    return Finding("staff", "ok", f"{able} accounts can sign in, {able - bare} with a second factor")


def _of_waiting(
    name: str, what: str, waiting: Waiting, expected: str, todo: str, now: dt.datetime
) -> Finding:
    age = now - waiting.oldest if waiting.oldest else ZERO
    oldest = f", the oldest {ago(age)}" if waiting.oldest else ""
    found = f"{waiting.count} {what} wait{oldest}"
    if age > STUCK:
        return Finding(name, "bad", found, expected, todo)
    if age > SLOW or waiting.count > MANY_PENDING:
        return Finding(name, "warn", found, expected, todo)
    if waiting.dead:
        reason = f", most of them: {waiting.reason}" if waiting.reason else ""
        found = f"{waiting.dead} {what} were given up in {RECENT.days} days{reason}"
        return Finding(name, "warn", found, "none", "the log says which; the staff site lists who waits")
    return Finding(name, "ok", found)


def _kind_of(database: Database) -> str:
    if database.is_sqlite:
        return f"SQLite {Path(str(database.engine.url.database)).name}"
    with database.engine.connect() as connection:
        return f"PostgreSQL {connection.execute(text('SHOW server_version')).scalar()}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def ago(age: dt.timedelta) -> str:
    """ "3 minutes ago" """
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} seconds ago"
