"""Script payloads through every field and every row to every page, in a real browser (R19).

First that the payloads are worth something: in a page that takes them for HTML a third of them run by
themselves.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.routing import iter_route_contexts
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import String, select

from bot.app import build_app
from bot.assembly import Assistant
from bot.crowd import Crowd
from records.communes import find_commune
from records.community import HandoffEvent, Volunteer
from records.learners import open_conversation
from records.models import (
    Breach,
    Commune,
    Hamlet,
    Handoff,
    OutboxMessage,
    StaffAccount,
    SubjectRequest,
    UtcDateTime,
)
from records.questions import record_question
from records.sample import SLUG
from staff.headers import new_nonce, page_policy
from tests.bot.web_rig import ARGUMENTS, CHROMIUM
from tests.security.conftest import served, staff_of
from tests.security.payloads import PAYLOADS
from tests.security.test_schema import description

ALL = "\n".join(PAYLOADS)
# What runs is counted in the uppermost window; what the policy stops, too.
WATCH = """
  if (window === top) { window.seen = []; window.stopped = []; }
  window.ran = (number) => { top.seen.push(Number(number)); };
  for (const name of ["alert", "confirm", "prompt"]) window[name] = window.ran;
  document.addEventListener("securitypolicyviolation", (event) => top.stopped.push(event.violatedDirective));
"""
INTO_FRAMES = """async (payloads) => {
  for (const payload of payloads) {
    const frame = document.createElement("iframe");
    frame.srcdoc = payload;
    document.body.append(frame);
  }
  await new Promise((done) => setTimeout(done, 1500));
}"""
MADE = """() => [...document.querySelectorAll("*")].flatMap((element) => [
  ...[...element.attributes].filter((attribute) => /^on/i.test(attribute.name)).map(({ name }) => name),
  ...["href", "src", "action", "formaction", "data"].map((name) => element.getAttribute(name))
    .filter((value) => /^\\W*(javascript|data|vbscript):/i.test(value ?? "")),
])"""
SEND = """([path, fields]) => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = path;
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement("textarea");
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def watched(chromium: Browser, cookies: dict[str, str] | None = None, url: str = "") -> Iterator[Page]:
    context = chromium.new_context(locale="vi-VN")
    context.set_default_timeout(20_000)
    context.add_init_script(WATCH)
    if cookies:
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    yield context.new_page()
    context.close()


def harm(page: Page) -> dict[str, Any]:
    """What ran in the page, what its policy stopped, and what of the payloads became part of it."""
    return {
        "ran": page.evaluate("window.seen"),
        "stopped": page.evaluate("window.stopped"),
        "made": page.evaluate(MADE),
    }


NOTHING = {"ran": [], "stopped": [], "made": []}


@pytest.fixture
def careless(chromium: Browser) -> Iterator[tuple[Page, str]]:
    """A site that takes what people write for HTML, with our policy at one address and without at another."""
    app = FastAPI()

    @app.get("/healthz")
    @app.get("/without")
    def without() -> HTMLResponse:
        return HTMLResponse("<body></body>")

    @app.get("/with")
    def with_policy() -> HTMLResponse:
        headers = {"Content-Security-Policy": page_policy(new_nonce())}
        return HTMLResponse("<body></body>", headers=headers)

    with served(app) as url, watched(chromium) as page:
        yield page, url


def test_the_payloads_run_where_nothing_is_done_about_them_and_the_policy_alone_stops_each(
    careless: tuple[Page, str],
):
    page, url = careless
    page.goto(f"{url}/without")
    page.evaluate(INTO_FRAMES, list(PAYLOADS))
    ran_without = set(page.evaluate("window.seen"))

    page.goto(f"{url}/with")
    page.evaluate(INTO_FRAMES, list(PAYLOADS))

    assert len(PAYLOADS) >= 200
    assert len(ran_without) >= 60  # others wait for a click, an old browser, or another kind of page
    assert page.evaluate("window.seen") == []
    assert len(page.evaluate("window.stopped")) >= 60


# --- The chat ---


def test_what_people_write_in_the_chat_runs_nowhere(chromium: Browser, sqlite_assistant: Assistant):
    with served(build_app(sqlite_assistant)) as url, watched(chromium) as page:
        page.goto(f"{url}/?xom=xom-3")
        for at in range(0, len(PAYLOADS), 32):  # by the script: the answers come as fragments
            page.get_by_role("textbox").fill("\n".join(PAYLOADS[at : at + 32]))
            page.get_by_role("button", name="Gửi", exact=True).click()
            page.locator("#log .entry.learner").nth(at // 32).wait_for()
            page.locator("#outbox .entry").wait_for(state="detached")
        by_script = harm(page)
        page.goto(f"{url}/")  # the whole talk in one page
        by_page = harm(page)
        shown = page.locator("#log").inner_text()

    assert (by_script, by_page) == (NOTHING, NOTHING)
    assert all(mark in shown for mark in ("<script>ran(0)</script>", "{{constructor", "[bấm vào đây]"))


def test_what_the_assistant_says_runs_nowhere_whoever_wrote_the_guide(
    chromium: Browser, sqlite_assistant: Assistant
):
    with served(build_app(sqlite_assistant)) as url, watched(chromium) as page:
        page.goto(url)
        page.get_by_role("textbox").fill("quen mat khau vneid lam sao")
        page.get_by_role("button", name="Gửi", exact=True).click()
        page.locator("#choices button").first.wait_for()
        with sqlite_assistant.database.write() as session:
            for row in session.scalars(select(OutboxMessage)):
                choices = [
                    {"number": number, "title": text, "payload": text[:60]}
                    for number, text in enumerate(PAYLOADS[:40], 1)
                ]
                row.body = {"text": ALL, "choices": choices}

        page.goto(url)
        found = harm(page)
        shown = page.locator("#log").inner_text()

    assert found == NOTHING
    assert all(payload in shown for payload in ("</textarea><script>", "<svg onload=ran("))


def test_what_stands_in_an_address_or_a_form_of_the_chat_runs_nowhere(
    chromium: Browser, sqlite_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
):
    found = {}
    with served(build_app(sqlite_assistant)) as url, watched(chromium) as page:
        for name in ("xom", "xong", "lan", "sau", "x"):
            page.goto(str(httpx.URL(f"{url}/", params={name: ALL, "xong": "1" if name == "xom" else ""})))
            found[name] = harm(page)
        for name in ("message_id", "choice", "xom", "sau"):  # refused in words, or taken
            page.goto(url)
            fields = {"message_id": "m" * 20, "text": "chào", name: ALL[:400]}
            with page.expect_navigation():
                page.evaluate(SEND, ["/tin-nhan", fields])
            found[f"form {name}"] = harm(page)
        monkeypatch.setattr(Crowd, "is_full", property(lambda _crowd: True))
        page.goto(url)
        with page.expect_navigation():  # not sent: the page shows the text once more
            page.evaluate(SEND, ["/tin-nhan", {"message_id": "n" * 20, "text": ALL, "choice": PAYLOADS[0]}])
        found["not sent"] = harm(page)
        shown = page.locator("main").inner_text()

    assert found == dict.fromkeys(found, NOTHING)
    assert "<script>ran(0)</script>" in shown


# --- The staff site ---


# Pages of rows that are not filled here: what stands in them is typed into forms in the test below.
NOT_FILLED = {
    "/staff/bao-cao/1",
    "/staff/buoi-hoc/1",
    "/staff/chua-tra-loi/nhom/1",
    "/staff/gia-dinh-so/1",
    "/staff/ke-hoach/1",
    "/staff/ke-hoach/1/1/1",
    "/staff/ke-hoach/1/duyet",
    "/staff/ke-hoach/chi-tieu/1",
    "/staff/ke-hoach/quay-lai",
    "/staff/kho-huong-dan/1",
    "/staff/kho-huong-dan/ban/1",
    "/staff/kho-huong-dan/ban/1/sua",
    "/staff/nhap/1",
    "/staff/tai-khoan-can-bo/1",
    "/staff/thong-bao/1",
    "/staff/thong-bao/1/sua",
    "/staff/xom/1",
    "/staff/xom/1/gop",
}


def fill_rows(assistant: Assistant) -> None:
    """Every text that residents or staff can bring into a row that staff pages show."""
    now = assistant.clock()
    with assistant.database.write() as session:
        commune = find_commune(session, SLUG)
        assert commune is not None
        talk = open_conversation(session, commune_id=commune.id, channel="zalo", hashes=["ba Tư"], now=now)
        for number, payload in enumerate(PAYLOADS):
            record_question(
                session,
                commune_id=commune.id,
                inbox_id=number + 1,
                learner_id=talk.learner_id,
                channel="zalo",
                redacted=payload,
                outcome="no_answer",
                guide=None,
                score=0.1,
                candidates=[{"guide": payload, "score": 0.1}],
                now=now,
            )
        for number, guide in enumerate(PAYLOADS[:60], 1_000):  # guides that are gone show their slug
            record_question(
                session,
                commune_id=commune.id,
                inbox_id=number,
                learner_id=talk.learner_id,
                channel="zalo",
                redacted="hỏi",
                outcome="guide",
                guide=guide[:80],
                score=0.9,
                candidates=[],
                now=now,
            )
        session.add(
            hostile(
                Handoff,
                assistant,
                commune_id=commune.id,
                learner_id=talk.learner_id,
                conversation_id=talk.id,
                guide=PAYLOADS[0][:80],
                tried=[{"guide": payload} for payload in PAYLOADS],
                state="open",
                closed_reason=None,
            )
        )
        session.flush()
        session.add(hostile(HandoffEvent, assistant, commune_id=commune.id, handoff_id=1))
        session.add(hostile(Volunteer, assistant, commune_id=commune.id, hamlets=list(PAYLOADS)))
        for hamlet, at in zip(session.scalars(select(Hamlet)), range(0, len(PAYLOADS), 40), strict=False):
            hamlet.name = " ".join(PAYLOADS[at : at + 40])
        for place in session.scalars(select(Commune)):
            place.name = f"{place.name} {ALL}"
        for account in session.scalars(select(StaffAccount)):
            account.display_name = ALL
        session.add(
            hostile(
                SubjectRequest,
                assistant,
                commune_id=commune.id,
                kind="erase",
                source="paper",
                state="new",
                learner_id=None,
                requester_sealed=assistant.vault.seal(ALL),
            )
        )
        session.add(hostile(Breach, assistant, commune_id=commune.id))


def hostile(table: type[Any], assistant: Assistant, **known: object) -> Any:
    """The row 1 of a table, all its texts payloads but for what is known."""
    values: dict[str, object] = {"id": 1}
    for column in table.__table__.columns:
        if isinstance(column.type, String):
            values[column.key] = ALL[: column.type.length]
        elif isinstance(column.type, UtcDateTime) and not column.nullable:
            values[column.key] = assistant.clock()
    return table(**{**values, **known})


def pages_of(app: FastAPI) -> list[str]:
    """The staff site's pages, those of a row for row 1; no downloads."""
    return [
        re.sub(r"\{\w+\}", "1", route.path)
        for route in iter_route_contexts(app.routes)
        if route.path and route.path.startswith("/staff") and "GET" in (route.methods or ())
        if "{token}" not in route.path
        and "." not in route.path.rpartition("/")[2]
        and "co-quan" not in route.path  # where no office signs in, there is none of its pages
    ]


def test_what_stands_in_the_rows_runs_on_no_staff_page(chromium: Browser, sqlite_assistant: Assistant):
    token = staff_of(sqlite_assistant).token
    fill_rows(sqlite_assistant)
    app = build_app(sqlite_assistant)

    with served(app) as url, watched(chromium, {"hvs_staff": token}, url) as page:
        found, shown, missing = {}, "", set[str]()
        for path in pages_of(app):
            answer = page.goto(f"{url}{path}")
            assert answer is not None
            if answer.status in (400, 404, 409):
                missing.add(path)
                continue
            assert answer.status == 200, path
            found[path] = harm(page)
            shown += page.locator("body").inner_text()

    assert found == dict.fromkeys(found, NOTHING)
    assert len(found) >= 10
    assert missing == NOT_FILLED
    assert [payload for payload in PAYLOADS if _letters(payload) not in _letters(shown)] == []


def _letters(text: str) -> str:
    return re.sub(r"\s|[\u0000-\u001f\u200b\u2028\u202e\ufeff]", "", text)


def test_what_is_typed_into_a_form_of_the_staff_site_runs_nowhere(
    chromium: Browser, sqlite_assistant: Assistant
):
    token = staff_of(sqlite_assistant).token
    app = build_app(sqlite_assistant)
    schemas = description(app)
    found = {}

    with served(app) as url:
        with watched(chromium, {"hvs_staff": token}, url) as page:
            page.goto(f"{url}/staff/tai-khoan")
            form_token = page.locator("input[name=form_token]").first.input_value()
            for path, field in text_fields(schemas):
                if not path.startswith("/staff") or path in ("/staff/dang-xuat", "/staff/dang-xuat-het"):
                    continue
                page.goto(f"{url}/staff/tai-khoan")
                fields = dict.fromkeys(fields_of(schemas, path), "x") | {field: ALL, "form_token": form_token}
                with page.expect_navigation():
                    page.evaluate(SEND, [re.sub(r"\{\w+\}", "1", path), fields])
                found[path, field] = harm(page)
            for path in pages_of(app):  # what was kept
                page.goto(f"{url}{path}?ky={PAYLOADS[0]}&tu={PAYLOADS[-1]}")
                found["GET", path] = harm(page)
                page.goto(f"{url}{path}")
                found[path, ""] = harm(page)
        with watched(chromium) as page:  # before the sign-in
            page.goto(f"{url}/staff/dang-nhap")
            form_token = page.locator("input[name=form_token]").first.input_value()
            with page.expect_navigation():
                page.evaluate(
                    SEND,
                    ["/staff/dang-nhap", {"form_token": form_token, "username": ALL, "password": ALL}],
                )
            found["sign-in"] = harm(page)
            shown = page.locator("#username").input_value()
            page.goto(f"{url}/staff/moi/{PAYLOADS[0].replace('/', '%2F')}")
            found["link"] = harm(page)

    assert found == dict.fromkeys(found, NOTHING)
    assert "<script>ran(0)</script>" in shown
    assert len(found) >= 20


def fields_of(schemas: dict[str, Any], path: str) -> list[str]:
    content = schemas["paths"][path]["post"].get("requestBody", {}).get("content", {})
    for kind in content.values():
        name = kind["schema"].get("$ref", "").rpartition("/")[2]
        return list(schemas["components"]["schemas"][name]["properties"])
    return []


def text_fields(schemas: dict[str, Any]) -> list[tuple[str, str]]:
    """(path, field) of every form."""
    return [
        (path, field)
        for path, methods in schemas["paths"].items()
        if "post" in methods
        for field in fields_of(schemas, path)
        if field != "form_token"
    ]
