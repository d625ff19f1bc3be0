"""`hocvuso actions …`: the Actions for a Rasa server."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.settings import Settings

TOKEN_FILE = "actions.token"  # noqa: S105  # nosec B105 - the name of a file in the data folder

app = typer.Typer(help="The same Actions for a Rasa server.", no_args_is_help=True)


@app.command("serve")
def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on; 0: any free one")] = 5055,
    token_file: Annotated[
        Path | None,
        typer.Option(help="what callers must know; data folder/actions.token, made when missing"),
    ] = None,
    record: Annotated[
        bool, typer.Option("--record/--no-record", help="count questions, completions and calls for a person")
    ] = True,
) -> None:
    """Answer a Rasa server's calls of our Actions (handlers/rasa/README.md)."""
    import socket

    import uvicorn

    from bot.action_server import build_action_app, open_action_host
    from bot.app import set_up_logs
    from bot.cli.common import fail, read_settings
    from knowledge.guide import ContentError
    from records.database import DatabaseError

    settings = read_settings()
    set_up_logs(settings.log_level)
    token = _token(settings, token_file)
    try:
        with open_action_host(settings, records=record) as actions:
            listener = socket.create_server((host, port))
            config = uvicorn.Config(
                build_action_app(actions, token=token),
                log_level="warning",
                access_log=False,  # Rasa sends the token in the address
                server_header=False,
                timeout_graceful_shutdown=10,
            )
            typer.echo(f"actions      http://{host}:{listener.getsockname()[1]}/webhook")
            typer.echo(f"token        {token_file or settings.data_folder / TOKEN_FILE}")
            typer.echo("serving")
            uvicorn.Server(config).run(sockets=[listener])
    except (ContentError, DatabaseError) as error:
        fail(str(error))


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="of the Rasa project: domain.yml, rules.yml and nlu.yml")],
    with_examples: Annotated[
        bool, typer.Option("--examples/--no-examples", help="also nlu.yml, made from the content")
    ] = True,
) -> None:
    """Write what a Rasa server has to know of our Actions, as the code is now."""
    from bot.cli.common import read_settings
    from handlers.rasa_project import as_yaml, domain, nlu, rules
    from knowledge.intents import load_intent_words
    from knowledge.library import CONTENT, load_library

    settings = read_settings()
    content = settings.content_folder or CONTENT
    files = {"domain.yml": domain(settings.commune), "rules.yml": rules()}
    if with_examples:
        files["nlu.yml"] = nlu(load_intent_words(content), load_library(content))
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_text(as_yaml(data), encoding="utf-8")
        typer.echo(str(folder / name))


def _token(settings: "Settings", file: Path | None) -> str:
    """The token of the file; the one in the data folder is made on the first run, for its owner only."""
    from bot.cli.common import fail

    path = file or settings.data_folder / TOKEN_FILE
    if file is None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(32) + "\n")
    try:
        token = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        fail(f"{path}: found {error.strerror}, expected a file with a token")
    if len(token) < 16:
        fail(f"{path}: found {len(token)} characters, expected a token of 16 or more")
    return token
