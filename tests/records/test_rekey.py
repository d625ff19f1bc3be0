"""After a change of keys everything sealed is under the newest, and everybody is still known."""

import pytest
from sqlalchemy import select

from records import rekey as rekeying
from records.communes import add_commune
from records.database import Database
from records.learners import find_conversation, note_message
from records.models import ChannelIdentity, ChannelToken, StaffAccount
from records.rekey import rekey, sealed_columns
from records.requests import open_request
from records.staff_accounts import add_account, set_second_factor
from records.vault import Vault
from tests.conftest import NOW

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


@pytest.fixture
def home(database: Database) -> int:
    """A commune in which something of every kind was sealed with the old key."""
    vault = Vault([OLD])
    with database.write() as session:
        home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id
        for channel, person, address in (
            ("telegram", "77", "77"),
            ("zalo-oa", "user-8", "chat-9"),  # written to elsewhere than known by
            ("webchat", "token", None),
        ):
            sealed, hashes = vault.seal(address) if address else None, vault.hashes(channel, person)
            note_message(
                session, commune_id=home, channel=channel, hashes=hashes, sealed_address=sealed, now=NOW
            )
        account = add_account(
            session, commune_id=home, username="lan", display_name="Lan", roles=["staff"], now=NOW
        )
        set_second_factor(account, sealed=vault.seal("khóa của Lan"), step=1, recovery_codes=[])
        session.add(
            ChannelToken(
                commune_id=home,
                channel="zalo-oa",
                sealed=vault.seal("mã của kênh"),
                expires_at=NOW,
                updated_at=NOW,
            )
        )
        open_request(
            session,
            commune_id=home,
            kind="copy",
            source="paper",
            by="staff:lan",
            requester_sealed=vault.seal("bà Hòa"),
            now=NOW,
        )
        return home


def sealed(database: Database) -> list[bytes]:
    with database.read() as session:
        return [
            value
            for column in sealed_columns()
            for value in session.scalars(select(column).where(column.is_not(None)))
        ]


def test_everything_sealed_is_under_the_newest_key_and_says_the_same(database: Database, home: int):
    before = sorted(Vault([OLD]).open(each) for each in sealed(database))

    changed = rekey(database, Vault([OLD, NEW]))

    vault = Vault([OLD, NEW])
    assert sum(changed.values()) == 5
    assert {vault.is_newest(each) for each in sealed(database)} == {True}
    assert sorted(vault.open(each) for each in sealed(database)) == before
    assert before == sorted(["77", "chat-9", "khóa của Lan", "mã của kênh", "bà Hòa"])


def test_everybody_is_still_known_by_the_ring(database: Database, home: int):
    rekey(database, Vault([OLD, NEW]))

    vault = Vault([OLD, NEW])
    with database.read() as session:
        known = [
            find_conversation(session, commune_id=home, channel=channel, hashes=vault.hashes(channel, person))
            for channel, person in (("telegram", "77"), ("zalo-oa", "user-8"), ("webchat", "token"))
        ]
        assert None not in known
        hashes = {each.channel: each.external_hash for each in session.scalars(select(ChannelIdentity))}
    # Whoever can be named is under the newest hash; the others go on under the old one.
    assert hashes == {
        "telegram": Vault([NEW]).hash("telegram", "77"),
        "zalo-oa": Vault([OLD]).hash("zalo-oa", "user-8"),
        "webchat": Vault([OLD]).hash("webchat", "token"),
    }


def test_a_run_that_was_broken_off_is_finished_by_the_next_one(
    database: Database, home: int, monkeypatch: pytest.MonkeyPatch
):
    vault = Vault([OLD, NEW])
    seal, seals = vault.seal, 0

    def breaks_at_the_third(text: str) -> bytes:
        nonlocal seals
        seals += 1
        if seals == 3:
            raise KeyboardInterrupt
        return seal(text)

    monkeypatch.setattr(vault, "seal", breaks_at_the_third)
    monkeypatch.setattr(rekeying, "PIECE", 1)
    with pytest.raises(KeyboardInterrupt):
        rekey(database, vault)
    half = sum(vault.is_newest(each) for each in sealed(database))

    changed = [sum(rekey(database, Vault([OLD, NEW])).values()) for _ in range(2)]

    assert half == 2
    assert changed == [3, 0]


def test_many_people_are_done_in_pieces(database: Database, home: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rekeying, "PIECE", 2)
    old = Vault([OLD])
    with database.write() as session:
        for number in range(7):
            person = f"9{number}"
            note_message(
                session,
                commune_id=home,
                channel="telegram",
                hashes=old.hashes("telegram", person),
                sealed_address=old.seal(person),
                now=NOW,
            )

    changed = rekey(database, Vault([OLD, NEW]))

    assert changed["channel_identities.sealed_address"] == 9
    with database.read() as session:
        assert session.scalars(select(StaffAccount.username)).all() == ["lan"]
