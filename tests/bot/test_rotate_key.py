"""`hocvuso rotate-key`, from the command line to the person who comes back afterwards."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from typer.testing import CliRunner

from bot.app import build_app
from bot.assembly import open_assistant
from bot.content import Content
from bot.lock import only_server
from bot.main import app
from bot.messages import IncomingMessage
from bot.settings import Settings
from bot.web.session import Sessions
from records.models import ChannelIdentity, Learner
from records.sample import SLUG
from records.vault import open_vault
from tests.bot.conftest import HandClock
from tests.conftest import NOW

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def rotate(settings: Settings, *options: str, **environment: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        app,
        ["rotate-key", *options],
        env={"HOCVUSO_DATA_FOLDER": str(settings.data_folder), **environment},
    )
    return done.exit_code, done.output


def test_after_a_change_of_keys_everybody_is_known_and_can_be_answered(
    settings: Settings, content: Content, clock: HandClock
):
    def writes(assistant, number: int) -> None:
        for channel, person in (("telegram", "77"), ("webchat", "token")):
            address = person if channel == "telegram" else None
            receipt = assistant.desk.receive(
                IncomingMessage(SLUG, channel, person, str(number), "chào cháu", address=address)
            )
            assert assistant.desk.wait(receipt, timeout_s=20)

    with open_assistant(settings, clock=clock, content=content) as assistant:
        writes(assistant, 1)

    code, said = rotate(settings)

    assert (code, said.splitlines()[0].split(";")[0]) == (0, "key 2 is in use")
    assert "channel_identities.sealed_address\t1 rows" in said
    with open_assistant(settings, clock=clock, content=content) as assistant:
        writes(assistant, 1)  # delivered again: no second message
        writes(assistant, 2)
        vault = open_vault(settings.data_folder / "secret.key")
        with assistant.database.read() as session:
            assert len(session.scalars(select(Learner)).all()) == 2
            identities = session.scalars(select(ChannelIdentity)).all()
            addresses = [each.sealed_address for each in identities if each.sealed_address]
            assert [vault.open(each) for each in addresses] == ["77"]
            assert [vault.is_newest(each) for each in addresses] == [True]
            assert {each.external_hash for each in identities} == {
                vault.hash("telegram", "77"),
                vault.hash("webchat", "token"),
            }


def test_a_talk_of_the_web_chat_goes_on_with_the_cookie_of_the_older_key(
    settings: Settings, content: Content, clock: HandClock
):
    form = {"text": "quên mật khẩu vneid", "message_id": "m-00000000000000001"}
    with open_assistant(settings, clock=clock, content=content) as assistant:
        browser = TestClient(build_app(assistant), headers={"Sec-Fetch-Site": "same-origin"})
        browser.post("/tin-nhan", data=form)
        cookie = browser.cookies["hvs_chat"]

    rotate(settings)

    with open_assistant(settings, clock=clock, content=content) as assistant:
        page = TestClient(build_app(assistant)).get("/", headers={"Cookie": f"hvs_chat={cookie}"})
        assert "Bước 1/7" in page.text
        assert cookie not in page.headers["set-cookie"]  # renewed under the new key


def test_cookies_of_older_keys_count_and_new_ones_are_signed_with_the_newest():
    old, both, new = Sessions(OLD), Sessions(NEW, OLD), Sessions(NEW)
    token = old.starts("m" * 16, NOW)[0]

    assert both.read(old.cookie(token, NOW), NOW) == old.read(old.cookie(token, NOW), NOW)
    assert new.read(both.cookie(token, NOW), NOW) is not None
    assert old.read(both.cookie(token, NOW), NOW) is None
    # What was sent before the change and comes again after it is still the same message.
    assert both.starts("m" * 16, NOW)[0] == token
    assert both.message_id(token, "a" * 32) == old.message_id(token, "a" * 32)


def test_no_key_is_changed_under_a_server_that_runs(settings: Settings, content: Content, clock: HandClock):
    with open_assistant(settings, clock=clock, content=content):
        pass
    before = (settings.data_folder / "secret.key").read_bytes()

    with only_server(settings.data_folder):
        code, said = rotate(settings)

    assert (code, "found another server" in said) == (1, True)
    assert (settings.data_folder / "secret.key").read_bytes() == before


def test_a_run_is_finished_without_another_key(settings: Settings, content: Content, clock: HandClock):
    with open_assistant(settings, clock=clock, content=content):
        pass
    rotate(settings)

    code, said = rotate(settings, "--resume")

    assert (code, said.splitlines()[0].split(";")[0]) == (0, "key 2 is in use")
    assert open_vault(settings.data_folder / "secret.key").version == 2


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, "found no key ring"), ({"HOCVUSO_DATABASE_URL": "postgresql://localhost/x"}, "found no key ring")],
)
def test_without_a_ring_there_is_nothing_to_change(
    settings: Settings, tmp_path: Path, environment: dict[str, str], expected: str
):
    code, said = rotate(settings, **environment)

    assert (code, expected in said) == (1, True)


def test_with_postgresql_it_wants_to_hear_that_nothing_runs(settings: Settings):
    settings.data_folder.mkdir()
    open_vault(settings.data_folder / "secret.key")

    code, said = rotate(settings, HOCVUSO_DATABASE_URL="postgresql://localhost/x")

    assert (code, "expected --servers-are-stopped" in said) == (1, True)
    assert open_vault(settings.data_folder / "secret.key").version == 1
