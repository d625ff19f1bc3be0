"""`hocvuso serve`"""

import sys
import time
from typing import Annotated

import typer

from bot.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on; 0: any free one")] = None,
) -> None:
    """Everything in one process: web chat, staff site, worker."""
    from bot.channels.accounts import AccountError
    from bot.cli.common import fail, read_settings
    from bot.lock import AlreadyServed, only_server
    from knowledge.guide import ContentError
    from records.database import DatabaseError

    changes = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    settings = read_settings().model_copy(update=changes)
    try:
        if settings.database_url:
            _serve(settings)
        else:
            with only_server(settings.data_folder):
                _serve(settings)
    except (AccountError, AlreadyServed, ContentError, DatabaseError) as error:
        fail(str(error))


def _serve(settings: Settings) -> None:
    import asyncio
    import gc
    import socket

    import uvicorn

    from bot.app import build_app, set_up_logs
    from bot.assembly import open_assistant
    from bot.cli.common import fail
    from staff.first_account import first_account_link

    started = time.perf_counter()
    set_up_logs(settings.log_level)
    with open_assistant(settings) as assistant:
        try:
            commune = assistant.directory.by_slug(settings.commune)
        except KeyError:
            fail(f"HOCVUSO_COMMUNE: found {settings.commune!r}, expected the slug of a commune that is here")
        config = uvicorn.Config(
            build_app(assistant),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=settings.trusted_proxy,
            timeout_graceful_shutdown=4,  # seconds for requests under way
        )
        # What is loaded stays: the collector need not walk through it again and again.
        gc.collect()
        gc.freeze()
        listener = socket.create_server((settings.host, settings.port))
        base = settings.public_url or f"http://{settings.host}:{listener.getsockname()[1]}"
        link = first_account_link(assistant.database, commune.id, now=assistant.clock())
        _greet(base.rstrip("/"), link, time.perf_counter() - started)
        asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


def _greet(base: str, link: str | None, seconds: float) -> None:
    typer.echo(f"ready in {seconds:.1f} s")
    typer.echo(f"web chat     {base}/")
    typer.echo(f"staff site   {base}/staff")
    if link:
        typer.echo(f"first staff account, a link that works once: {base}{link}")
    typer.echo("serving")
    sys.stdout.flush()
