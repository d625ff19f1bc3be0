"""Long work in a process of its own that dies by `kill -9` in the middle.

Run by test_kill_jobs: python -m tests.bot.dying_jobs WORK DATABASE_URL FOLDER
"""

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import Engine, event

from records import audit, migrate
from records.backup import back_up
from records.communes import find_commune
from records.database import Database, open_database
from records.sample import SLUG
from tests.conftest import NOW
from tests.records.test_plans import draft

STATEMENTS = 40  # of a migration, before it dies


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def migration(database: Database, _folder: Path) -> None:
    count = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def look(*_: object) -> None:
        nonlocal count
        count += 1
        if count == STATEMENTS:
            die()

    migrate.upgrade(database)


def backup(database: Database, folder: Path) -> None:
    """Dies when the copy is made and its manifest is not."""
    sys.addaudithook(lambda what, args: die() if what == "open" and str(args[0]).endswith(".json") else None)
    back_up(database, folder, now=NOW)


def plan_import(database: Database, _folder: Path) -> None:
    """Dies with everything written and nothing committed."""
    with database.write() as session:
        commune = find_commune(session, SLUG)
        assert commune is not None
        draft(session, commune, NOW)
        event.listen(Engine, "commit", die)


def export(database: Database, _folder: Path) -> None:
    """An export writes no file; what it leaves is a line of the audit log."""
    with database.write() as session:
        commune = find_commune(session, SLUG)
        assert commune is not None
        audit.append(session, commune_id=commune.id, actor="staff:lan", action="export", detail={}, now=NOW)
        event.listen(Engine, "commit", die)


def index_build(database: Database, folder: Path) -> None:
    import bot.content
    from bot.assembly import open_assistant
    from bot.settings import Settings

    bot.content.build_engine = die  # type: ignore[assignment]
    url = database.engine.url.render_as_string(hide_password=False)
    with open_assistant(Settings(_env_file=None, data_folder=folder, database_url=url)):
        pass


WORK = {
    "migration": migration,
    "backup": backup,
    "import": plan_import,
    "export": export,
    "index build": index_build,
}

if __name__ == "__main__":
    WORK[sys.argv[1]](open_database(sys.argv[2]), Path(sys.argv[3]))
