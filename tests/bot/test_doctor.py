"""The doctor: each check finds what is wrong, says what to do, and is content when nothing is."""

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from bot import doctor
from bot.assembly import KEY_RING
from bot.channels.accounts import TelegramAccount, ZaloBotAccount, ZaloOaAccount
from bot.channels.base import SendError
from bot.channels.zalo_oa_tokens import TokenState, store_first_tokens
from bot.doctor import Finding
from bot.doctor_channels import Platform, examine_account, examine_channels
from bot.main import app
from bot.settings import Settings
from knowledge.library import CONTENT
from records.backup import back_up
from records.channel_tokens import lock_token, write_token
from records.communes import add_commune
from records.database import Database, open_database, sqlite_url
from records.inbox import claim_row, finish
from records.learners import note_message
from records.models import OutboxMessage
from records.staff_accounts import add_account, set_second_factor
from records.vault import open_vault
from tests.conftest import NOW
from tests.fakes.telegram import FakeTelegram, fake_telegram
from tests.fakes.zalo_bot import TOKEN, FakeZaloBot
from tests.fakes.zalo_oa import APP_ID, APP_SECRET, FIRST_REFRESH, OA_SECRET, FakeZaloOa
from tests.records.replies import put_rows

PUBLIC = "https://xa.example.vn"


class Home:
    """An installation at which nothing is wrong, until a test changes that."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder, self.database = folder, database
        folder.chmod(0o700)
        open_vault(folder / KEY_RING)
        with database.write() as session:
            commune = add_commune(
                session, slug="xa-mau", name="xã Mẫu", phone="0238 000 111", hours="7:30-17:00", now=NOW
            )
            self.commune_id = commune.id
            self.staff = add_account(
                session, commune_id=commune.id, username="lan", display_name="Lan", roles=["admin"], now=NOW
            )
            self.staff.password_hash = "a hash"
        back_up(database, folder / "backups", now=NOW)
        self._messages = 0

    def settings(self, **changes: Any) -> Settings:
        return Settings(_env_file=None, data_folder=self.folder, **changes)

    def account(self, **changes: Any) -> ZaloBotAccount:
        return ZaloBotAccount(commune="xa-mau", token=SecretStr(TOKEN), **changes)

    def message(self, *, channel: str, at: dt.datetime, state: str = "done", reply: str = "sent") -> None:
        """Somebody new wrote `at` that time and was answered, as far as the states say."""
        self._messages += 1
        person = f"person {self._messages}"
        with self.database.write() as session:
            talk = note_message(
                session,
                commune_id=self.commune_id,
                channel=channel,
                hashes=[person],
                sealed_address=None,
                now=at,
            )
            message, _ = claim_row(session, talk, message_id=person, text="", now=at)
            message.state = state
            if state != "pending":
                finish(message, now=at, state=state)
                (row,) = put_rows(session, message, [{"text": "a", "choices": []}], now=at)
                row.state, row.error = reply, "blocked" if reply == "dead" else None
                row.sent_at = at if reply == "sent" else None


@pytest.fixture
def home(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Home]:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "hocvuso.db").write_bytes(migrated_sqlite.read_bytes())
    database = open_database(sqlite_url(folder / "hocvuso.db"))
    yield Home(folder, database)
    database.close()


def findings_of(home: Home, **changes: Any) -> dict[str, Finding]:
    def no_channels(_settings: Settings, _database: Database) -> Iterator[Finding]:
        return iter(())

    found = doctor.examine(home.settings(**changes), now=NOW, channels=no_channels)
    return {finding.name: finding for finding in found}


def test_where_nothing_is_wrong_everything_is_ok(home: Home):
    found = findings_of(home)

    assert {finding.state for finding in found.values()} == {"ok"}, found
    assert list(found) == [
        "address",
        "data folder",
        "secrets",
        "disk",
        "content",
        "model",
        "backups",
        "database",
        "SQLite",
        "commune",
        "inbox",
        "outbox",
        "staff",
    ]
    assert {(finding.expected, finding.todo) for finding in found.values()} == {("", "")}


def test_whatever_is_wrong_comes_with_what_was_expected_and_what_to_do(tmp_path: Path):
    settings = Settings(_env_file=None, data_folder=tmp_path / "none", public_url="http://xa.example.vn")

    found = list(doctor.examine(settings, now=NOW, channels=lambda _settings, _database: ()))

    wrong = [finding for finding in found if finding.state != "ok"]
    assert [finding.name for finding in wrong] == ["address", "data folder", "backups", "database"]
    assert all(finding.expected and finding.todo for finding in wrong)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({}, "ok"),
        ({"public_url": PUBLIC}, "ok"),
        ({"host": "0.0.0.0"}, "warn"),
        ({"host": "0.0.0.0", "public_url": PUBLIC}, "ok"),
        ({"public_url": "http://xa.example.vn"}, "bad"),
    ],
)
def test_what_others_reach_is_wanted_with_https(home: Home, settings: dict[str, str], state: str):
    assert doctor.check_address(home.settings(**settings)).state == state


def test_a_folder_and_keys_that_others_can_read_are_found(home: Home):
    home.folder.chmod(0o750)
    assert doctor.check_folder(home.settings()).todo == f"chmod 700 {home.folder}"

    (home.folder / KEY_RING).chmod(0o640)
    assert doctor.check_secrets(home.settings()).todo == f"chmod 600 {home.folder / KEY_RING}"


def test_a_sqlite_that_can_break_a_shared_file_is_named(home: Home):
    found = [doctor.check_sqlite(home.database, version=version) for version in ((3, 46, 1), (3, 51, 3))]

    assert [(finding.state, finding.found) for finding in found] == [("warn", "3.46.1"), ("ok", "3.51.3")]


def test_a_schema_of_another_version_is_named_and_the_rest_of_the_database_left_alone(home: Home):
    with home.database.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")

    found = findings_of(home)

    assert (found["database"].state, found["database"].found) == ("bad", "schema 0001")
    assert "inbox" not in found


def test_a_commune_that_is_not_here_or_has_no_number_is_named(home: Home):
    with home.database.write() as session:
        add_commune(session, slug="xa-la", name="xã Lạ", now=NOW)

    unknown = doctor.check_commune(home.settings(commune="xa-khac"), home.database)
    mute = doctor.check_commune(home.settings(commune="xa-la"), home.database)

    assert (unknown.state, mute.state) == ("bad", "warn")
    assert mute.found == "xã Lạ: no phone and no hours"


def test_content_that_is_broken_or_has_expired_is_named(home: Home, tmp_path: Path):
    broken = tmp_path / "content"
    shutil.copytree(CONTENT, broken, ignore=shutil.ignore_patterns("plans"))
    (broken / "guides" / "kn-wifi.md").write_text("Mở Cài đặt\n", encoding="utf-8")

    now = doctor.check_content_files(home.settings(content_folder=broken), today=NOW.date())
    later = doctor.check_content_files(home.settings(), today=dt.date(2099, 1, 1))

    assert (now.state, later.state) == ("bad", "warn")
    assert f"{broken}/guides/kn-wifi.md:1: error: found 'Mở Cài đặt'" in now.found
    assert later.found.split(" ", 1)[1].startswith("of 101 guides have expired: ")


def test_a_model_that_was_trained_on_other_content_is_named(home: Home, tmp_path: Path):
    other = tmp_path / "content"
    shutil.copytree(CONTENT, other, ignore=shutil.ignore_patterns("plans"))
    (other / "guides" / "kn-wifi.md").unlink()

    found = doctor.check_model(home.settings(content_folder=other))

    assert (found.state, found.found) == ("warn", "the shipped model was trained on other content")


@pytest.mark.parametrize(("days", "state"), [(1, "ok"), (3, "warn"), (8, "bad")])
def test_a_backup_grows_old(home: Home, days: int, state: str):
    found = doctor.check_backups(home.settings(), now=NOW + dt.timedelta(days=days))

    assert found.state == state


@pytest.mark.parametrize(("minutes", "state"), [(0, "ok"), (1, "warn"), (11, "bad")])
def test_a_message_that_nobody_answers_is_found(home: Home, minutes: int, state: str):
    home.message(channel="webchat", at=NOW, state="pending")

    found = doctor.check_inbox(home.database, now=NOW + dt.timedelta(minutes=minutes))

    assert (found.state, found.found.split(",")[0]) == (state, "1 messages wait")


def test_what_was_given_up_is_counted_for_a_week_with_its_commonest_reason(home: Home):
    home.message(channel="telegram", at=NOW, state="dead")
    home.message(channel="telegram", at=NOW, reply="dead")

    assert doctor.check_inbox(home.database, now=NOW).found == "1 messages were given up in 7 days"
    outbox = doctor.check_outbox(home.database, now=NOW)
    assert (outbox.state, outbox.found) == (
        "warn",
        "1 replies were given up in 7 days, most of them: blocked",
    )
    later = NOW + dt.timedelta(days=8)
    assert doctor.check_outbox(home.database, now=later).found == "0 replies wait, 1 sent"


def test_a_reply_on_the_web_waits_for_the_persons_page_and_is_no_fault(home: Home):
    home.message(channel="webchat", at=NOW, reply="pending")
    later = NOW + dt.timedelta(hours=1)
    assert doctor.check_outbox(home.database, now=later).state == "ok"

    home.message(channel="zalo-bot", at=NOW, reply="pending")
    assert doctor.check_outbox(home.database, now=later).found == "1 replies wait, the oldest 60 minutes ago"


def test_staff_need_an_account_and_on_the_internet_a_second_factor(home: Home):
    public = home.settings(public_url=PUBLIC)
    assert doctor.check_staff(home.settings(), home.database).state == "ok"
    assert doctor.check_staff(public, home.database).found == "1 of 1 accounts have no second factor"

    with home.database.write() as session:
        staff = session.merge(home.staff)
        set_second_factor(staff, sealed=b"sealed", step=1, recovery_codes=[])
    assert doctor.check_staff(public, home.database).state == "ok"

    with home.database.write() as session:
        session.merge(home.staff).is_active = False
    assert doctor.check_staff(home.settings(), home.database).found == "nobody can sign in"


# --- Channels ---------------------------------------------------------------------------------------


@pytest.fixture
def zalo() -> Iterator[FakeZaloBot]:
    fake = FakeZaloBot()
    yield fake
    fake.close()


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as fake:
        yield fake


@pytest.fixture
def oa() -> Iterator[FakeZaloOa]:
    fake = FakeZaloOa(lambda: NOW)
    yield fake
    fake.close()


def write_accounts(home: Home, *accounts: dict[str, str]) -> None:
    lines = ["\n".join(["[[account]]", *(f'{k} = "{v}"' for k, v in one.items())]) for one in accounts]
    file = home.folder / "channels.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    file.chmod(0o600)


def lines_of(home: Home, *, online: bool = True, public: str | None = PUBLIC) -> dict[str, tuple[str, str]]:
    """name → state and what was found"""
    settings = home.settings(public_url=public)
    found = examine_channels(settings, home.database, now=NOW, online=online)
    return {finding.name: (finding.state, finding.found) for finding in found}


def test_a_telegram_account_is_asked_about_itself(home: Home, telegram: FakeTelegram):
    account = {"channel": "telegram", "commune": "xa-mau", "token": telegram.token, "base_url": telegram.url}
    write_accounts(home, account)
    home.message(channel="telegram", at=NOW - dt.timedelta(hours=3))

    assert lines_of(home) == {
        "webchat xa-mau: traffic": ("ok", "last message in never, last reply out never, 0 people"),
        "telegram xa-mau: account": ("ok", "updates are fetched"),
        "telegram xa-mau: platform": ("ok", "@HocVuSo_bot, 0 updates wait"),
        "telegram xa-mau: webhook": ("ok", "none: updates are fetched"),
        "telegram xa-mau: traffic": (
            "ok",
            "last message in 3 hours ago, last reply out 3 hours ago, 1 people",
        ),
    }


def test_a_webhook_that_is_missing_elsewhere_or_unwanted_is_found(home: Home, zalo: FakeZaloBot):
    account = {"channel": "zalo-bot", "commune": "xa-mau", "token": TOKEN, "base_url": zalo.url}
    wanted = f"{PUBLIC}/channels/zalo-bot/xa-mau"
    write_accounts(home, {**account, "mode": "webhook"})

    missing = lines_of(home)["zalo-bot xa-mau: webhook"]
    zalo.webhook["url"] = "https://elsewhere.example.vn"
    elsewhere = lines_of(home)["zalo-bot xa-mau: webhook"]
    zalo.webhook["url"] = wanted
    right = lines_of(home)["zalo-bot xa-mau: webhook"]
    write_accounts(home, {**account, "mode": "polling"})
    unwanted = lines_of(home)["zalo-bot xa-mau: webhook"]

    assert [missing, elsewhere, right, unwanted] == [
        ("bad", "none"),
        ("bad", "https://elsewhere.example.vn"),
        ("ok", wanted),
        ("bad", wanted),
    ]


def test_a_webhook_without_a_public_address_is_found(home: Home, zalo: FakeZaloBot):
    write_accounts(
        home,
        {"channel": "zalo-bot", "commune": "xa-mau", "token": TOKEN, "base_url": zalo.url, "mode": "webhook"},
    )

    found = lines_of(home, online=False, public=None)

    assert found["zalo-bot xa-mau: account"] == ("bad", "a webhook at no address")
    assert zalo.calls == []


def test_a_platform_that_refuses_or_cannot_be_reached_is_found_and_the_others_are_asked(
    home: Home, zalo: FakeZaloBot, telegram: FakeTelegram
):
    write_accounts(
        home,
        {"channel": "zalo-bot", "commune": "xa-mau", "token": "4712:made-up", "base_url": zalo.url},
        {"channel": "telegram", "commune": "xa-mau", "token": telegram.token, "base_url": telegram.url},
    )
    telegram.away()

    found = lines_of(home)
    telegram.back()

    assert found["zalo-bot xa-mau: platform"] == ("bad", "getMe: 401 Unauthorized: the token is refused")
    assert found["telegram xa-mau: platform"] == ("bad", "NetworkError")
    assert lines_of(home)["telegram xa-mau: platform"][0] == "ok"


@pytest.mark.parametrize(("sent", "state"), [(7, "ok"), (8, "warn"), (10, "bad")])
def test_the_months_messages_are_counted_before_they_are_used_up(home: Home, sent: int, state: str):
    home.message(channel="zalo-bot", at=NOW - dt.timedelta(days=40))
    for _ in range(sent):
        home.message(channel="zalo-bot", at=NOW)
    account = home.account(monthly_messages=10)

    found = _line(home, account, "quota")

    assert (found.state, found.found) == (state, f"{sent} of 10 messages this month, {sent + 1} of 50 people")


@pytest.mark.parametrize(("people", "state"), [(3, "ok"), (4, "warn"), (6, "bad")])
def test_the_people_of_the_plan_are_counted_too(home: Home, people: int, state: str):
    for _ in range(people):
        home.message(channel="zalo-bot", at=NOW)

    assert _line(home, home.account(users=5), "quota").state == state


def _line(home: Home, account: Any, what: str, settings: Settings | None = None) -> Finding:
    found = examine_account(account, None, settings or home.settings(), home.database, now=NOW)
    (line,) = [finding for finding in found if finding.name.endswith(f": {what}")]
    return line


def oa_account(**changes: Any) -> ZaloOaAccount:
    values = {"commune": "xa-mau", "app_id": APP_ID, "app_secret": APP_SECRET, "oa_secret": OA_SECRET}
    return ZaloOaAccount(**{**values, **changes})


def keep_token(home: Home, *, expires_at: dt.datetime, **state: Any) -> None:
    vault, written = open_vault(home.folder / KEY_RING), NOW - dt.timedelta(hours=5)
    kept = TokenState(app_id=APP_ID, first="one", refresh="two", access="three", **state)
    sealed = vault.seal(kept.model_dump_json())
    with home.database.write() as session:
        row = lock_token(session, commune_id=home.commune_id, channel="zalo-oa", first=sealed, now=written)
        write_token(row, sealed=sealed, expires_at=expires_at, now=written)


def test_the_token_of_an_official_account_has_an_age(home: Home):
    assert _line(home, oa_account(), "token").state == "bad"
    assert _line(home, oa_account(refresh_token=FIRST_REFRESH), "token").state == "ok"

    keep_token(home, expires_at=NOW + dt.timedelta(hours=20))
    fresh = _line(home, oa_account(), "token")
    assert (fresh.state, fresh.found) == ("ok", "renewed 5 hours ago, for 20 more hours")

    keep_token(home, expires_at=NOW - dt.timedelta(hours=2))
    ended = _line(home, oa_account(), "token")
    assert (ended.state, ended.found) == ("warn", "renewed 5 hours ago, ended 2 hours ago")

    keep_token(home, expires_at=NOW, refused_at=NOW - dt.timedelta(minutes=9), refused_code="-14014")
    refused = _line(home, oa_account(), "token")
    assert (refused.state, refused.found) == ("bad", "the refresh token was refused 9 minutes ago (-14014)")
    assert refused.todo == "hocvuso channel zalo-oa-token --commune xa-mau"


def test_a_token_that_another_key_ring_sealed_is_found(home: Home):
    keep_token(home, expires_at=NOW + dt.timedelta(hours=20))
    (home.folder / KEY_RING).unlink()

    assert _line(home, oa_account(), "token").state == "bad"
    assert not (home.folder / KEY_RING).exists()


def test_an_official_account_is_asked_with_the_token_that_is_kept_and_none_is_used_up(
    home: Home, oa: FakeZaloOa
):
    account = oa_account(base_url=oa.url, oauth_url=oa.url)
    write_accounts(
        home,
        {
            "channel": "zalo-oa",
            "commune": "xa-mau",
            "app_id": APP_ID,
            "app_secret": APP_SECRET,
            "oa_secret": OA_SECRET,
            "base_url": oa.url,
        },
    )
    vault = open_vault(home.folder / KEY_RING)
    store_first_tokens(
        home.database, vault, commune_id=home.commune_id, account=account, refresh=FIRST_REFRESH, now=NOW
    )

    assert "zalo-oa xa-mau: platform" not in lines_of(home)

    keep_token(home, expires_at=NOW + dt.timedelta(hours=20))
    found = lines_of(home)["zalo-oa xa-mau: platform"]
    assert found == ("bad", "Zalo's OpenAPI answers with error -216")
    assert oa.asked == []


def test_what_the_platform_says_of_the_account_is_shown(home: Home):
    account = TelegramAccount(commune="xa-mau", token=SecretStr("7:a"))
    quiet = list(examine_account(account, Platform("@a_bot", None), home.settings(), home.database, now=NOW))
    failing = list(
        examine_account(account, SendError("no answer in 8 seconds"), home.settings(), home.database, now=NOW)
    )

    assert ("telegram xa-mau: platform", "ok", "@a_bot") in [(f.name, f.state, f.found) for f in quiet]
    assert [finding.state for finding in failing] == ["ok", "bad", "ok"]


def test_accounts_that_cannot_be_read_are_one_finding(home: Home):
    (home.folder / "channels.toml").write_text("[[account]]\n")

    found = lines_of(home)

    assert found["channels"][0] == "bad"


# --- The command ------------------------------------------------------------------------------------


def run(home: Home, *arguments: str) -> tuple[int, str]:
    env = {"HOCVUSO_DATA_FOLDER": str(home.folder)}
    done = CliRunner().invoke(app, ["doctor", *arguments], env=env)
    return done.exit_code, done.stdout


def test_the_command_says_yes_with_0_and_no_with_1(home: Home):
    with home.database.read() as session:
        assert session.query(OutboxMessage).count() == 0
    back_up(home.database, home.folder / "backups", now=dt.datetime.now(dt.UTC))

    code, printed = run(home, "--offline")
    assert (code, printed.splitlines()[-1].split(",")[0]) == (0, "0 wrong"), printed

    with home.database.write() as session:
        session.merge(home.staff).is_active = False
    code, printed = run(home, "--offline", "--json")
    (wrong,) = [finding for finding in json.loads(printed) if finding["state"] == "bad"]
    assert code == 1
    assert wrong == {
        "name": "staff",
        "state": "bad",
        "found": "nobody can sign in",
        "expected": "an account",
        "todo": "open the link that `hocvuso serve` prints",
    }
