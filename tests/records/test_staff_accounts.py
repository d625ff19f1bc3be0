import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records.communes import add_commune
from records.database import Database
from records.models import StaffAccount, StaffInvitation, StaffSession
from records.staff_accounts import (
    accept_invitation,
    accounts_named,
    add_account,
    begin_attempt,
    end_session,
    end_sessions,
    find_account,
    has_accounts,
    hash_password,
    invite,
    invited_account,
    live_session,
    note_failure,
    note_seen,
    open_sessions,
    password_matches,
    remove_second_factor,
    session_awaiting_code,
    set_second_factor,
    start_session,
    token_hash,
    use_recovery_code,
    use_step,
)
from tests.conftest import NOW

SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
PASSWORD = "ba con mèo nằm ngủ"


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


@pytest.fixture
def lan(database: Database, home: int) -> tuple[int, int]:
    """The key of an account that can sign in."""
    with database.write() as session:
        account = account_of(session, home, "lan")
        account.password_hash = "$argon2id$made-up"
        return home, account.id


def account_of(session: Session, commune_id: int, username: str) -> StaffAccount:
    return add_account(
        session, commune_id=commune_id, username=username, display_name="Lan", roles=["staff"], now=NOW
    )


def sign_in(database: Database, key: tuple[int, int], *, at: dt.datetime = NOW) -> str:
    with database.write() as session:
        return start_session(session, session.get_one(StaffAccount, key), now=at)


def is_live(database: Database, token: str, at: dt.datetime) -> bool:
    with database.read() as session:
        return live_session(session, token, now=at) is not None


def invite_lan(database: Database, key: tuple[int, int], *, at: dt.datetime = NOW) -> str:
    with database.write() as session:
        return invite(session, session.get_one(StaffAccount, key), now=at)


def accept(
    database: Database, token: str, *, at: dt.datetime = NOW, password_hash: str = "$argon2id$new"
) -> bool:
    with database.write() as session:
        return accept_invitation(session, token, password_hash=password_hash, now=at) is not None


def test_only_the_password_itself_matches_its_hash():
    hashed = hash_password(PASSWORD)

    assert [password_matches(hashed, tried) for tried in (PASSWORD, "ba con mèo", "")] == [True, False, False]


def test_the_same_password_is_hashed_anew_each_time_with_argon2id():
    first, second = hash_password(PASSWORD), hash_password(PASSWORD)

    assert first != second
    assert first.split("$")[:4] == ["", "argon2id", "v=19", "m=65536,t=3,p=4"]


def test_nothing_matches_where_no_password_was_set_or_its_hash_is_spoilt():
    assert [password_matches(stored, PASSWORD) for stored in (None, "", "spoilt")] == [False, False, False]


def test_a_new_account_waits_for_its_password(database: Database, home: int):
    with database.write() as session:
        account_of(session, home, "lan")

    with database.read() as session:
        account = find_account(session, commune_id=home, username="lan")
        assert account is not None
        assert (account.username, account.display_name, account.roles) == ("lan", "Lan", ["staff"])
        assert (account.password_hash, account.is_active, account.created_at) == (None, True, NOW)
        assert (account.failures, account.locked_until) == (0, None)
        assert not has_accounts(session)


def test_somebody_can_sign_in_once_an_active_account_has_a_password(database: Database, lan: tuple[int, int]):
    with database.write() as session:
        before = has_accounts(session)
        session.get_one(StaffAccount, lan).is_active = False
        after = has_accounts(session)

    assert (before, after) == (True, False)


def test_a_username_belongs_to_one_account_of_a_commune(database: Database, lan: tuple[int, int]):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
        theirs = account_of(session, other, "lan").id

        assert {account.id for account in accounts_named(session, "lan")} == {lan[1], theirs}
        assert accounts_named(session, "hoa") == []
        assert find_account(session, commune_id=other, username="hoa") is None

    with pytest.raises(IntegrityError), database.write() as session:
        account_of(session, other, "lan")


def test_each_failure_after_the_fourth_doubles_the_wait_up_to_a_quarter_of_an_hour():
    account = StaffAccount(failures=0, locked_until=None)

    waits = []
    for _ in range(16):
        note_failure(account, now=NOW)
        waits.append(account.locked_until and (account.locked_until - NOW).total_seconds())

    assert waits == [None] * 4 + [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_who_must_wait_is_let_through_when_the_wait_is_over(database: Database, lan: tuple[int, int]):
    def attempt(at: dt.datetime) -> bool:
        with database.write() as session:
            return begin_attempt(session, commune_id=lan[0], account_id=lan[1], now=at)

    first_five = [attempt(NOW) for _ in range(5)]
    during, after, again = attempt(NOW + SECOND), attempt(NOW + 2 * SECOND), attempt(NOW + 5 * SECOND)

    assert (first_five, during, after, again) == ([True] * 5, False, True, False)


def test_a_wait_that_is_tried_does_not_grow(database: Database, lan: tuple[int, int]):
    for _ in range(20):
        with database.write() as session:
            begin_attempt(session, commune_id=lan[0], account_id=lan[1], now=NOW)

    with database.read() as session:
        account = session.get_one(StaffAccount, lan)
    assert (account.failures, account.locked_until) == (5, NOW + 2 * SECOND)


def test_tries_at_the_same_moment_wait_as_well(database: Database, lan: tuple[int, int]):
    def attempt(_: int) -> bool:
        with database.write() as session:
            return begin_attempt(session, commune_id=lan[0], account_id=lan[1], now=NOW)

    with ThreadPoolExecutor(8) as guessers:
        let_through = list(guessers.map(attempt, range(40)))

    assert sum(let_through) == 5


def test_signing_in_takes_the_failures_back(database: Database, lan: tuple[int, int]):
    with database.write() as session:
        account = session.get_one(StaffAccount, lan)
        account.failures, account.locked_until = 7, NOW + HOUR

    sign_in(database, lan)

    with database.read() as session:
        account = session.get_one(StaffAccount, lan)
    assert (account.failures, account.locked_until) == (0, None)


def test_only_the_hash_of_a_cookie_is_kept(database: Database, lan: tuple[int, int]):
    token = sign_in(database, lan)

    with database.read() as session:
        (login,) = session.scalars(select(StaffSession))
    assert (login.account_id, login.token_hash) == (lan[1], token_hash(token))
    assert (login.created_at, login.last_seen_at) == (NOW, NOW)
    assert len(token) >= 43  # 256 bits
    assert token not in login.token_hash


def test_a_cookie_leads_to_its_own_account(database: Database, home: int, lan: tuple[int, int]):
    with database.write() as session:
        hoa = (home, account_of(session, home, "hoa").id)
    tokens = [sign_in(database, lan), sign_in(database, hoa)]

    with database.read() as session:
        found = [live_session(session, token, now=NOW) for token in [*tokens, "made up"]]
    assert [each and each[1].username for each in found] == ["lan", "hoa", None]


def test_a_login_ends_after_half_an_hour_of_idleness(database: Database, lan: tuple[int, int]):
    token = sign_in(database, lan)

    assert [is_live(database, token, NOW + 30 * MINUTE + late) for late in (0 * SECOND, SECOND)] == [
        True,
        False,
    ]


def test_a_login_that_is_used_goes_on_for_twelve_hours(database: Database, lan: tuple[int, int]):
    token, unused = sign_in(database, lan), sign_in(database, lan)
    for quarters in range(1, 49):
        with database.write() as session:
            note_seen(session, token, now=NOW + quarters * 15 * MINUTE)

    assert is_live(database, token, NOW + 12 * HOUR)
    assert not is_live(database, token, NOW + 12 * HOUR + SECOND)
    assert not is_live(database, unused, NOW + 12 * HOUR)


def test_signing_out_ends_one_login_and_not_the_others(database: Database, lan: tuple[int, int]):
    here, there = sign_in(database, lan), sign_in(database, lan)

    with database.write() as session:
        end_session(session, here)

    assert (is_live(database, here, NOW), is_live(database, there, NOW)) == (False, True)


def test_all_logins_of_an_account_can_be_ended(database: Database, home: int, lan: tuple[int, int]):
    with database.write() as session:
        hoa = (home, account_of(session, home, "hoa").id)
    lans, hoas = [sign_in(database, lan), sign_in(database, lan)], sign_in(database, hoa)

    with database.write() as session:
        end_sessions(session, session.get_one(StaffAccount, lan))

    assert [is_live(database, token, NOW) for token in [*lans, hoas]] == [False, False, True]


def test_a_disabled_account_is_signed_out_at_once(database: Database, lan: tuple[int, int]):
    token = sign_in(database, lan)

    with database.write() as session:
        session.get_one(StaffAccount, lan).is_active = False

    assert not is_live(database, token, NOW)


def test_an_invitation_sets_the_password_once(database: Database, lan: tuple[int, int]):
    token = invite_lan(database, lan)

    accepted = [
        accept(database, token, password_hash="$argon2id$first"),
        accept(database, token, password_hash="$argon2id$second"),
    ]

    assert accepted == [True, False]
    with database.read() as session:
        assert session.get_one(StaffAccount, lan).password_hash == "$argon2id$first"
        assert session.scalars(select(StaffInvitation.used_at)).all() == [NOW]
        assert invited_account(session, token, now=NOW) is None


def test_of_those_who_use_an_invitation_at_once_one_sets_the_password(
    database: Database, lan: tuple[int, int]
):
    token = invite_lan(database, lan)

    with ThreadPoolExecutor(8) as guests:
        accepted = list(guests.map(lambda _: accept(database, token), range(8)))

    assert sorted(accepted) == [False] * 7 + [True]


def test_a_new_password_lets_the_owner_in_at_once_and_everybody_else_out(
    database: Database, lan: tuple[int, int]
):
    thief = sign_in(database, lan)
    with database.write() as session:
        account = session.get_one(StaffAccount, lan)
        account.failures, account.locked_until = 7, NOW + HOUR

    accept(database, invite_lan(database, lan))

    assert not is_live(database, thief, NOW)
    with database.read() as session:
        account = session.get_one(StaffAccount, lan)
    assert (account.failures, account.locked_until) == (0, None)


def test_an_invitation_lasts_two_days(database: Database, lan: tuple[int, int]):
    token = invite_lan(database, lan)
    ends = NOW + dt.timedelta(days=2)

    with database.read() as session:
        found = [invited_account(session, token, now=at) for at in (ends - SECOND, ends)]
        assert [account and account.id for account in found] == [lan[1], None]
    assert not accept(database, token, at=ends)


def test_a_newer_invitation_takes_the_place_of_the_older(database: Database, home: int, lan: tuple[int, int]):
    with database.write() as session:
        hoa = (home, account_of(session, home, "hoa").id)
    older, hoas = invite_lan(database, lan), invite_lan(database, hoa)
    newer = invite_lan(database, lan)

    with database.read() as session:
        found = [invited_account(session, token, now=NOW) for token in (older, newer, hoas, "made up")]
    assert [account and account.username for account in found] == [None, "lan", "hoa", None]


def test_only_the_hash_of_an_invitation_is_kept(database: Database, lan: tuple[int, int]):
    token = invite_lan(database, lan)

    with database.read() as session:
        (invitation,) = session.scalars(select(StaffInvitation))
    assert (invitation.account_id, invitation.token_hash) == (lan[1], token_hash(token))
    assert (invitation.expires_at, invitation.used_at) == (NOW + dt.timedelta(days=2), None)


def test_a_login_that_waits_for_a_code_counts_for_none(database: Database, lan: tuple[int, int]):
    with database.write() as session:
        token = start_session(session, session.get_one(StaffAccount, lan), now=NOW, awaits_code=True)

    with database.read() as session:
        account = session.get_one(StaffAccount, lan)
        found = session_awaiting_code(session, token, now=NOW + 10 * MINUTE)
        assert found is not None
        assert found[1] is account
        assert session_awaiting_code(session, token, now=NOW + 10 * MINUTE + SECOND) is None
        assert live_session(session, token, now=NOW) is None
        assert open_sessions(session, account, now=NOW) == []


def test_a_whole_login_waits_for_no_code(database: Database, lan: tuple[int, int]):
    with database.write() as session:
        token = start_session(session, session.get_one(StaffAccount, lan), now=NOW)

    with database.read() as session:
        assert session_awaiting_code(session, token, now=NOW) is None


def test_open_logins_come_newest_first_and_without_those_that_ended(database: Database, lan: tuple[int, int]):
    with database.write() as session:
        account = session.get_one(StaffAccount, lan)
        for minutes in (0, 20, 40):
            start_session(session, account, now=NOW + minutes * MINUTE)

    with database.read() as session:
        logins = open_sessions(session, session.get_one(StaffAccount, lan), now=NOW + 45 * MINUTE)
        assert [login.created_at for login in logins] == [NOW + 40 * MINUTE, NOW + 20 * MINUTE]


def test_all_logins_but_one_can_be_ended(database: Database, lan: tuple[int, int]):
    with database.write() as session:
        account = session.get_one(StaffAccount, lan)
        kept, ended = (start_session(session, account, now=NOW) for _ in range(2))
        end_sessions(session, account, but=kept)

    with database.read() as session:
        assert [live_session(session, token, now=NOW) is not None for token in (kept, ended)] == [True, False]


def test_each_step_of_the_second_factor_counts_once_and_in_order(database: Database, lan: tuple[int, int]):
    with database.write() as session:
        account = session.get_one(StaffAccount, lan)
        set_second_factor(account, sealed=b"sealed", step=7, recovery_codes=["one", "two"])

        assert [use_step(account, step) for step in (7, 6, 8, 8, 9)] == [False, False, True, False, True]


def test_a_recovery_code_is_used_up_and_removing_the_factor_takes_the_rest(
    database: Database, lan: tuple[int, int]
):
    with database.write() as session:
        account = session.get_one(StaffAccount, lan)
        set_second_factor(account, sealed=b"sealed", step=7, recovery_codes=["one", "two"])
    with database.write() as session:
        account = session.get_one(StaffAccount, lan)
        used = [use_recovery_code(account, code) for code in ("one", "one", "three", "")]
    with database.read() as session:
        assert session.get_one(StaffAccount, lan).recovery_hashes == [token_hash("two")]

    with database.write() as session:
        remove_second_factor(session.get_one(StaffAccount, lan))

    with database.read() as session:
        account = session.get_one(StaffAccount, lan)
        assert (used, account.totp_sealed, account.totp_last_step, account.recovery_hashes) == (
            [True, False, False, False],
            None,
            None,
            [],
        )
