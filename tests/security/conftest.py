"""A whole site for tests that go through every address of it, as a visitor and as staff."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from bot.assembly import Assistant, open_assistant
from bot.content import Content
from bot.settings import Settings
from records.communes import find_commune
from records.sample import SLUG
from records.staff_accounts import add_account, start_session
from staff.roles import ROLES
from tests.bot.conftest import HandClock, assistant, clock, content, settings

__all__ = ["assistant", "clock", "content", "settings"]  # fixtures


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who is signed in."""

    account_id: int
    token: str  # of the login


@pytest.fixture
def sqlite_assistant(settings: Settings, content: Content, clock: HandClock) -> Iterator[Assistant]:
    with open_assistant(settings, clock=clock, content=content) as assistant:
        yield assistant


@pytest.fixture
def public_assistant(settings: Settings, content: Content, clock: HandClock) -> Iterator[Assistant]:
    """One whose address is on https, open to the Internet."""
    here = settings.model_copy(update={"public_url": "https://xa.example.vn"})
    with open_assistant(here, clock=clock, content=content) as assistant:
        yield assistant


def addresses(app: FastAPI) -> list[tuple[str, str]]:
    """(method, path with its parameters in braces) of everything the application answers to."""
    return [
        (method, route.path or "")
        for route in iter_route_contexts(app.routes)
        for method in sorted(route.methods or ())
    ]


def staff_of(assistant: Assistant, **changes: object) -> Staff:
    with assistant.database.write() as session:
        commune = find_commune(session, SLUG)
        assert commune is not None
        account = add_account(
            session,
            commune_id=commune.id,
            username="lan",
            display_name="Cán bộ Lan",
            roles=list(ROLES),
            now=assistant.clock(),
        )
        for name, value in changes.items():
            setattr(account, name, value)
        return Staff(account.id, start_session(session, account, now=assistant.clock()))


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application on a real server on 127.0.0.1; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", server_header=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        httpx.get(f"{url}/healthz", timeout=20)
        yield url
        server.should_exit = True
        thread.join()
