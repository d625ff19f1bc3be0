"""A secret that is sent over every channel and typed into every form is found nowhere (R26)."""

import re
from collections import Counter
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from bot.app import _housekeeping, build_app
from bot.assembly import Assistant, open_assistant
from bot.channels.capabilities import CAPABILITIES
from bot.content import Content
from bot.messages import IncomingMessage
from bot.settings import Settings
from records.models import StaffAccount
from records.sample import SLUG
from records.staff_accounts import add_account, start_session
from tests.bot.conftest import HandClock
from tests.bot.serving import start
from tests.bot.test_privacy import holding
from tests.records.test_erasure import all_rows

# Each as a person would let it slip, and the part of it that must be nowhere.
SECRETS = {
    "otp": ("mã otp là 735208 nhập vào đâu", "735208"),
    "spoken": ("mã otp là bảy ba năm hai không tám", "bảy ba năm hai"),
    "password": ("mật khẩu của bác là Canary@1957", "Canary@1957"),
    "cccd": ("căn cước của tôi 036157001234 mất rồi", "036157001234"),
    "dots": ("số thẻ 9704.1578.2233.4456 bị nuốt", "9704.1578"),
    "account": ("chuyển vào tài khoản 19036157822011 nhé", "19036157822011"),
    "phone": ("gọi cho tôi số 0912.777.345", "0912.777.345"),
}
CANARY = " ".join(text for text, _ in SECRETS.values())
PARTS = [part for _, part in SECRETS.values()]

# What is typed to be checked and never kept; a password field takes the secret itself.
HIDDEN = ("form_token", "sealed", "message_id")


def found(folder: Path) -> dict[str, list[str]]:
    """part → files that hold it, for those that are found."""
    return {part: files for part in PARTS if (files := holding(folder, part))}


def test_secrets_sent_over_every_channel_are_in_no_file_and_on_no_page(
    settings: Settings, content: Content, clock: HandClock, capfd: pytest.CaptureFixture[str]
):
    with open_assistant(settings, clock=clock, content=content) as assistant:
        send_everywhere(assistant)
        pages = look_around(assistant)
        clock.forward(days=1)
        _housekeeping(assistant)  # a night, with its backup

        assert found(settings.data_folder) == {}
        assert list((settings.data_folder / "backups").glob("*.db"))
    assert [(part, name) for part in PARTS for name, page in pages.items() if part in page] == []
    logged = "".join(capfd.readouterr())
    assert "a night job is done" in logged
    assert [part for part in PARTS if part in logged] == []


def test_secrets_are_in_no_row_of_either_database(assistant: Assistant):
    send_everywhere(assistant)

    everything = str(all_rows(assistant.database))
    assert "‹otp›" in everything
    assert [part for part in PARTS if part in everything] == []


def send_everywhere(assistant: Assistant) -> None:
    """Every secret by itself and all at once, over every channel that there is."""
    for channel in CAPABILITIES:
        for number, text in enumerate([*(text for text, _ in SECRETS.values()), CANARY, "0"]):
            message = IncomingMessage(SLUG, channel, "người 1", f"{channel}{number}", text, address="người 1")
            assert assistant.desk.wait(assistant.desk.receive(message), timeout_s=30)


def look_around(assistant: Assistant) -> dict[str, str]:
    """Every page and file that shows what people said."""
    with TestClient(build_app(assistant), headers={"Sec-Fetch-Site": "same-origin"}) as http:
        for number, text in enumerate((CANARY, "xem dữ liệu của tôi")):
            http.post("/tin-nhan", data={"text": text, "message_id": f"m-000000000000000{number}"})
        paths = ("/", "/du-lieu", "/du-lieu.txt", "/du-lieu.json", "/metrics", "/readyz")
        pages = {path: http.get(path).text for path in paths}
        sign_in(assistant, http)
        for path in staff_pages(http):
            pages[path] = http.get(path).text
        return pages


# --- Every form of the staff site ------------------------------------------------------------------


def sign_in(assistant: Assistant, http: TestClient) -> None:
    commune_id = assistant.directory.by_slug(SLUG).id
    with assistant.database.write() as session:
        account = add_account(
            session,
            commune_id=commune_id,
            username="lan",
            display_name="Lan",
            roles=["staff"],
            now=assistant.clock(),
        )
        session.flush()
        token = start_session(
            session, session.get_one(StaffAccount, (commune_id, account.id)), now=assistant.clock()
        )
    http.cookies.set("hvs_staff", token, domain="testserver.local", path="/staff")


WAYS = 3  # filters and orders in which one page is looked at, or rows of one kind


def staff_pages(http: TestClient) -> list[str]:
    """The pages that can be reached by links from the first one."""
    seen, todo = set[str](), ["/staff"]
    visits = Counter[str]()
    while todo:
        path = todo.pop().split("#")[0]
        page = re.sub(r"\d+", "1", path.split("?")[0])
        if path in seen or "/tai-lieu/" in path:  # booklets: of guides alone, and each takes seconds to set
            continue
        if visits[page] >= WAYS:
            continue
        visits[page] += 1
        seen.add(path)
        answer = http.get(path)
        # Without a public address there is no poster: its code would lead nowhere.
        assert answer.status_code == (409 if "/ap-phich.pdf" in path else 200), path
        if answer.headers["content-type"].startswith("text/html"):
            todo += [link.replace("&amp;", "&") for link in re.findall(r'href="(/staff[^"]*)"', answer.text)]
    return sorted(path for path in seen if "/static/" not in path)


def forms(page: str) -> list[tuple[str, dict[str, str]]]:
    """(address, fields) of the forms that a page sends, every text field filled with the canary."""
    found = []
    for attributes, inside in re.findall(r"<form([^>]*)>(.*?)</form>", page, re.DOTALL):
        if 'method="post"' not in attributes:
            continue
        action = re.search(r'action="([^"]*)"', attributes)
        assert action is not None
        fields: dict[str, str] = {}
        for tag in re.findall(r"<(?:input|textarea|button|select)[^>]*>", inside):
            name, value = (re.search(rf'{key}="([^"]*)"', tag) for key in ("name", "value"))
            if name is None:
                continue
            keeps = name[1] in HIDDEN or tag.startswith("<button") or 'class="day"' in tag
            fields[name[1]] = value[1] if keeps and value else CANARY
        for select, options in re.findall(
            r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', inside, re.DOTALL
        ):
            fields[select] = re.findall(r'value="([^"]+)"', options)[0]
        found.append((action[1].replace("&amp;", "&"), fields))
    return found


def test_secrets_typed_into_every_form_are_in_no_file_and_on_no_page_afterwards(
    settings: Settings, content: Content, clock: HandClock, capfd: pytest.CaptureFixture[str]
):
    with open_assistant(settings, clock=clock, content=content) as assistant:
        with TestClient(build_app(assistant), headers={"Sec-Fetch-Site": "same-origin"}) as http:
            # A call and a request by chat, so that there are forms for them, too.
            for number, text in enumerate(("0", "sửa", "4")):
                http.post("/tin-nhan", data={"text": text, "message_id": f"m-000000000000000{number}"})
            sent = dict(submit_all(http, ["/staff/dang-nhap"]))
            sign_in(assistant, http)
            for _ in range(2):  # the second time the pages of what was made the first time are there
                sent |= submit_all(http, staff_pages(http), but="/staff/dang-xuat")
            pages = {path: http.get(path).text for path in staff_pages(http)}
        clock.forward(days=1)
        _housekeeping(assistant)

        assert len(sent) >= 10
        assert {status for status in sent.values() if status >= 500} == set()
        assert sum(status == 303 for status in sent.values()) >= 5
        assert found(settings.data_folder) == {}
    requests = [path for path in pages if "/yeu-cau/" in path and not path.endswith((".txt", ".json"))]
    assert requests
    # The number to call back is what its field is for: sealed in the database, shown on this page alone.
    shown = {(part, path) for part in PARTS for path, page in pages.items() if part in page}
    assert {path for _, path in shown} <= set(requests)
    assert {part for part, _ in shown} <= {"0912.777.345"}
    logged = "".join(capfd.readouterr())
    assert [part for part in PARTS if part in logged] == []


def submit_all(http: TestClient, paths: list[str], *, but: str = "") -> dict[str, int]:
    """Send each form of these pages once; address → status."""
    sent: dict[str, int] = {}
    for path in paths:
        for action, fields in forms(http.get(path).text):
            if action in sent or (but and action.startswith(but)):
                continue
            if "time" in fields:
                fields["time"] = "00:05"
            sent[action] = http.post(action, data=fields, follow_redirects=False).status_code
    return sent


# --- A server as it is run -------------------------------------------------------------------------


def test_a_server_writes_no_secret_to_its_output_even_when_it_is_killed(tmp_path: Path):
    data = tmp_path / "data"
    server = start(data)
    with httpx.Client(base_url=server.url, timeout=30) as http:
        for number, (text, _) in enumerate(SECRETS.values()):
            form = {"text": text, "message_id": f"m-000000000000000{number}"}
            answer = http.post("/tin-nhan", data=form, headers={"X-Requested-With": "fetch"})
            assert answer.status_code == 200
            assert [part for part in PARTS if part in answer.text] == []
    server.kill()

    assert (data / "hocvuso.db-wal").exists()  # the write-ahead log is searched, too
    assert found(data) == {}
