"""`hocvuso rotate-key`"""

from contextlib import nullcontext
from typing import Annotated

import typer


def rotate_key(
    resume: Annotated[
        bool, typer.Option("--resume", help="add no key, only finish a run that was broken off")
    ] = False,
    stopped: Annotated[
        bool, typer.Option("--servers-are-stopped", help="with PostgreSQL: no server and no worker runs")
    ] = False,
) -> None:
    """Add a key to the ring and bring what is sealed and hashed under it; no server may be running.

    Older keys stay in the ring: they open old backups, and who writes on the web chat is still known.
    """
    from bot.assembly import KEY_RING
    from bot.cli.common import fail, open_migrated, read_settings
    from bot.lock import AlreadyServed, only_server
    from records.rekey import rekey
    from records.vault import VaultError, add_key, open_vault

    settings = read_settings()
    ring = settings.data_folder / KEY_RING
    if not ring.exists():
        fail(f"found no key ring {ring}, expected one: 'hocvuso serve' makes it")
    if settings.database_url and not stopped:
        fail("found PostgreSQL, expected --servers-are-stopped: stop every server and worker first")
    try:
        with nullcontext() if settings.database_url else only_server(settings.data_folder):
            vault = open_vault(ring) if resume else add_key(ring)
            typer.echo(f"key {vault.version} is in use; keep {ring} with the backups")
            with open_migrated() as (database, _settings):
                for column, count in rekey(database, vault).items():
                    typer.echo(f"{column}\t{count} rows")
    except (AlreadyServed, VaultError) as error:
        fail(str(error))
