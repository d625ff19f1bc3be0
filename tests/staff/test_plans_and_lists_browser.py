"""The pages of plans and lists in Chromium: nothing for axe to find, nothing lost on a small screen."""

import datetime as dt
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from records.database import Database
from tests.staff.desk_objects import desk_objects
from tests.staff.test_help_desk_browser import RULES, SMALL, chromium, serve
from tests.staff.world import World, build_world

__all__ = ["chromium"]  # a fixture

ROLES = "staff author reviewer"


@pytest.fixture
def world(sqlite_database: Database, now: dt.datetime) -> Iterator[World]:
    world = build_world(sqlite_database, now)
    yield world
    world.close()


def addresses(world: World) -> list[str]:
    """Every page of plans and lists, with something on it."""
    world.volunteer("chị Hoa", hamlets=("h0",))
    found = desk_objects(world, world.home, "Xóm Đông & Bãi")
    pages = [
        "ke-hoach",
        "ke-hoach/{version}",
        "ke-hoach/{version}/doan/1",
        "ke-hoach/{version}/chi-tieu/0",
        "ke-hoach/{version}/duyet",
        "ke-hoach/quay-lai",
        "ke-hoach/chi-tieu/{key}",
        "xom",
        "xom/{hamlet_id}",
        "xom/{hamlet_id}/gop",
        "buoi-hoc",
        "buoi-hoc/{note_id}",
        "gia-dinh-so",
        "gia-dinh-so/{household_id}",
        "dai-su-so",
        "nhap",
        "nhap/{import_id}",
    ]
    return [page.format(**found) for page in pages]


def test_the_pages_can_be_used_by_everybody_on_every_screen(world: World, chromium: Browser):
    pages = addresses(world)
    client = world.signed_in(role=ROLES)
    found: dict[str, object] = {}

    for width in (320, 1366):
        context = chromium.new_context(bypass_csp=True, viewport={"width": width, "height": 768})
        page = context.new_page()
        serve(page, client)
        for address in pages:
            page.goto(f"http://testserver/staff/{address}")
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            small = page.evaluate(SMALL)
            problems = ""
            if width == 1366:  # what axe looks at is the same on both
                result = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
                problems = result.generate_report() if result.violations_count else ""
            if problems or overflow or small:
                found[f"{address} at {width} px"] = (problems, overflow, small)
        context.close()

    assert found == {}
