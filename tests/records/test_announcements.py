"""Announcements: who gets one, once, whatever happens in between."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from records import announcements, learners, outbox
from records.announcements import ALONE, Audience, Outlet, Words
from records.communes import add_commune, add_hamlet
from records.database import Database
from records.models import Announcement, AnnouncementRecipient, Commune, Conversation, OutboxMessage
from tests.conftest import NOW

TELEGRAM, WEB = Outlet("telegram"), Outlet("webchat", is_fetched=True)
ZALO = Outlet("zalo-oa", window=dt.timedelta(days=7), free=dt.timedelta(hours=48), price=55)
ALL = (TELEGRAM, WEB, ZALO)
CHANNELS = ("telegram", "webchat", "zalo-oa")
EVERYBODY = Audience(channels=CHANNELS)


class Village:
    def __init__(self, database: Database) -> None:
        self.database = database
        with database.write() as session:
            home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
            self.home = home.id
            self.hamlets = {
                slug: add_hamlet(session, home, slug=slug, name=slug).id for slug in ("nam-dong", "go-phao")
            }

    def person(
        self,
        name: str,
        *,
        channel: str = "telegram",
        agrees: bool = True,
        wrote: dt.timedelta = dt.timedelta(hours=1),
        hamlet: str | None = None,
        has_left: bool = False,
        learner_of: Conversation | None = None,
    ) -> Conversation:
        """Somebody who wrote so long ago; `learner_of`: on another channel, of a person who is there."""
        with self.database.write() as session:
            at = NOW - wrote
            talk = learners.open_conversation(
                session, commune_id=self.home, channel=channel, hashes=[name], now=at
            )
            learners.note_message(
                session,
                commune_id=self.home,
                channel=channel,
                hashes=[name],
                sealed_address=b"x",
                now=at,
            )
            whose = {"commune_id": self.home, "learner_id": talk.learner_id}
            if agrees:
                learners.note_consent(session, **whose, what="announce_consent", version="1", now=NOW)
            if hamlet:
                learners.set_hamlet(session, **whose, hamlet_id=self.hamlets[hamlet])
            if has_left:
                learners.note_left(session, commune_id=self.home, conversation_id=talk.id, now=NOW)
            if learner_of is not None:
                identity = learners.find_identity(
                    session, commune_id=self.home, channel=channel, hashes=[name]
                )
                assert identity is not None
                identity.learner_id = learner_of.learner_id
                session.flush()
            session.expunge(talk)
            return talk

    def approved(self, audience: Audience = EVERYBODY, *, by: str = "staff:hoa") -> int:
        with self.database.write() as session:
            row = announcements.add(
                session,
                commune_id=self.home,
                words=Words("Tối nay họp xóm."),
                audience=audience,
                starts_at=None,
                at_any_hour=False,
                by="staff:lan",
                now=NOW,
            )
            assert announcements.approve(row, edition=1, people=0, by=by, now=NOW) is None
            return row.id

    def collect(self, number: int, outlets: tuple[Outlet, ...] = ALL) -> None:
        looked = 1
        while looked:
            with self.database.write() as session:
                row = announcements.find(
                    session, commune_id=self.home, announcement_id=number, for_update=True
                )
                assert row is not None
                looked = announcements.collect(session, row, outlets, now=NOW)

    def queue(self, number: int, limit: int = 100) -> int:
        """As the clock does it, without the words."""
        with self.database.read() as session:
            waiting = announcements.waiting(
                session, commune_id=self.home, announcement_id=number, limit=limit
            )
        return sum(self.queue_one(number, recipient_id) for recipient_id, _channel in waiting)

    def queue_one(self, number: int, recipient_id: int) -> bool:
        with self.database.write() as session:
            found = announcements.lock_waiting(
                session, commune_id=self.home, announcement_id=number, recipient_id=recipient_id
            )
            if found is None:
                return False
            _row, recipient, talk = found
            outlet = next(each for each in ALL if each.channel == recipient.channel)
            if refused := announcements.still_refused(session, recipient, talk, outlet, NOW):
                announcements.skip(recipient, refused)
                return False
            assert talk is not None
            announcements.note_queued(recipient, outbox.push(session, talk, {"text": "tin"}, now=NOW).id)
        return True

    def estimate(self, audience: Audience = EVERYBODY) -> announcements.Estimate:
        with self.database.read() as session:
            return announcements.estimate(
                session, commune_id=self.home, audience=audience, outlets=ALL, now=NOW
            )

    def row(self, number: int) -> Announcement:
        with self.database.read() as session:
            return session.get_one(Announcement, (self.home, number))

    def progress(self, number: int) -> announcements.Progress:
        with self.database.read() as session:
            return announcements.progress(session, session.get_one(Announcement, (self.home, number)))

    def queued(self) -> list[int]:
        """Conversations of the messages in the outbox."""
        with self.database.read() as session:
            return list(session.scalars(select(OutboxMessage.conversation_id).order_by(OutboxMessage.id)))

    def do(self, number: int, what: str) -> None:
        with self.database.write() as session:
            row = announcements.find(session, commune_id=self.home, announcement_id=number, for_update=True)
            assert row is not None
            match what:
                case "pause":
                    assert announcements.pause(session, row)
                case "go on":
                    assert announcements.go_on(row)
                case "stop":
                    assert announcements.stop(session, row, now=NOW)


@pytest.fixture
def village(database: Database) -> Village:
    return Village(database)


@pytest.fixture
def small(sqlite_database: Database) -> Village:
    return Village(sqlite_database)


def test_who_did_not_agree_or_cannot_be_reached_is_counted_with_the_reason(village: Village):
    village.person("ba", hamlet="nam-dong")
    village.person("ông", channel="zalo-oa", wrote=dt.timedelta(days=3))
    village.person("cô", agrees=False)
    village.person("chú", has_left=True)
    village.person("dì", channel="zalo-oa", wrote=dt.timedelta(days=8))
    village.person("cậu", channel="webchat")

    found = village.estimate(Audience(channels=("telegram", "zalo-oa")))

    assert found.by_channel == {"telegram": 1, "zalo-oa": 1}
    assert found.charged == {"telegram": 0, "zalo-oa": 1}
    assert found.passed_over == {"no_consent": 1, "left": 1, "other_channel": 1, "window": 1}
    of_hamlet = village.estimate(Audience(hamlets=("nam-dong",), channels=CHANNELS))
    assert (of_hamlet.by_channel, of_hamlet.passed_over) == ({"telegram": 1}, {})


def test_who_uses_several_channels_gets_it_on_the_one_used_last(village: Village):
    known = village.person("ba", channel="telegram", wrote=dt.timedelta(days=2))
    village.person("ba trên Zalo", channel="zalo-oa", learner_of=known)
    number = village.approved()

    village.collect(number)
    village.queue(number)

    assert village.progress(number).by_channel == {"zalo-oa": {"queued": 1}}


def test_everybody_gets_it_once_however_often_the_clock_asks(village: Village):
    talks = [village.person(name).id for name in ("ba", "ông", "cô")]
    number = village.approved()

    for _ in range(3):
        village.collect(number)
        village.queue(number)

    assert sorted(village.queued()) == sorted(talks)


def test_two_workers_at_once_write_to_nobody_twice(village: Village):
    talks = [village.person(f"người {each}").id for each in range(12)]
    number = village.approved()
    village.collect(number)

    with ThreadPoolExecutor(2) as workers:
        done = list(workers.map(village.queue, [number, number]))
    village.queue(number)  # what one of them passed by, for the other had it

    assert sum(done) <= 12
    assert sorted(village.queued()) == sorted(talks)


@pytest.mark.parametrize("at", ["collect", "queue"])
def test_a_crash_in_between_leaves_nothing_half_done(village: Village, at: str):
    talks = [village.person(name).id for name in ("ba", "ông")]
    number = village.approved()

    class Killed(Exception):
        pass

    def crash() -> None:
        with village.database.write() as session:
            if at == "collect":
                row = announcements.find(
                    session, commune_id=village.home, announcement_id=number, for_update=True
                )
                assert row is not None
                assert announcements.collect(session, row, ALL, now=NOW) == 2
            else:
                (recipient_id, _), *_ = announcements.waiting(
                    session, commune_id=village.home, announcement_id=number, limit=1
                )
                found = announcements.lock_waiting(
                    session, commune_id=village.home, announcement_id=number, recipient_id=recipient_id
                )
                assert found is not None
                assert found[2] is not None
                row_id = outbox.push(session, found[2], {"text": "tin"}, now=NOW).id
                announcements.note_queued(found[1], row_id)
                session.flush()
            raise Killed

    if at == "queue":
        village.collect(number)
    with pytest.raises(Killed):
        crash()
    assert village.queued() == []
    village.collect(number)
    village.queue(number)

    assert sorted(village.queued()) == sorted(talks)


def test_the_database_itself_lets_nobody_have_it_twice(village: Village):
    talk = village.person("ba")
    number = village.approved()
    village.collect(number)

    with pytest.raises(IntegrityError), village.database.write() as session:
        session.add(
            AnnouncementRecipient(
                commune_id=village.home,
                announcement_id=number,
                learner_id=talk.learner_id,
                channel="telegram",
                created_at=NOW,
            )
        )


def test_pause_stops_the_rest_and_takes_back_what_no_sender_has(village: Village):
    for name in ("ba", "ông", "cô"):
        village.person(name)
    number = village.approved()
    village.collect(number)
    village.queue(number, limit=2)
    with village.database.write() as session:
        first = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id).limit(1)).one()
        first.state, first.attempts = "sent", 1

    village.do(number, "pause")
    village.queue(number)

    now_at = village.progress(number)
    assert (now_at.waiting, now_at.by_channel) == (2, {"telegram": {"sent": 1}})
    assert len(village.queued()) == 1

    village.do(number, "go on")
    village.queue(number)

    assert len(set(village.queued())) == 3


def test_stopped_it_goes_to_nobody_else(village: Village):
    village.person("ba")
    number = village.approved()
    village.collect(number)
    village.queue(number)

    village.do(number, "stop")
    village.queue(number)

    assert village.queued() == []
    row = village.row(number)
    assert (row.state, row.counts) == ("stopped", {"by_channel": {}, "skipped": {"stopped": 1}})


def test_who_takes_it_back_before_their_turn_gets_nothing(village: Village):
    talk = village.person("ba")
    number = village.approved()
    village.collect(number)
    with village.database.write() as session:
        learners.note_consent(
            session,
            commune_id=village.home,
            learner_id=talk.learner_id,
            what="announce_consent",
            version=None,
            now=NOW,
        )

    village.queue(number)

    assert village.queued() == []
    assert village.progress(number).skipped == {"withdrew": 1}


def test_many_people_need_a_second_member_of_staff(small: Village):
    row = Announcement(state="draft", edition=2, writers=["staff:lan", "staff:hoa"])

    assert announcements.approve(row, edition=2, people=ALONE + 1, by="staff:hoa", now=NOW) == "alone"
    assert announcements.approve(row, edition=1, people=1, by="staff:minh", now=NOW) == "changed"
    assert announcements.approve(row, edition=2, people=ALONE + 1, by="staff:minh", now=NOW) is None
    assert (row.state, row.approved_by) == ("approved", "staff:minh")


def test_when_more_people_agreed_since_a_second_one_is_needed_after_all(small: Village):
    for each in range(ALONE + 1):
        small.person(f"người {each}")
    number = small.approved(by="staff:lan")  # approved by who wrote it, when there were few

    small.collect(number)
    small.queue(number)

    row = small.row(number)
    assert (row.state, row.approved_by, row.collected_at) == ("asked", None, None)
    assert small.queued() == []


def test_a_change_after_it_was_seen_is_not_approved(small: Village):
    with small.database.write() as session:
        row = announcements.add(
            session,
            commune_id=small.home,
            words=Words("Tối nay họp."),
            audience=Audience(channels=CHANNELS),
            starts_at=None,
            at_any_hour=False,
            by="staff:lan",
            now=NOW,
        )
        announcements.ask(row)
        announcements.change(
            row,
            words=Words("Tối mai họp."),
            audience=Audience(channels=CHANNELS),
            starts_at=None,
            at_any_hour=False,
            by="staff:hoa",
        )

        assert (row.state, row.edition, row.writers) == ("draft", 2, ["staff:lan", "staff:hoa"])
        assert announcements.approve(row, edition=1, people=1, by="staff:minh", now=NOW) == "changed"


def test_it_is_done_when_all_are_sent_and_the_counts_remain(small: Village):
    small.person("ba")
    number = small.approved()
    small.collect(number)
    small.queue(number)

    def finish(now: dt.datetime = NOW) -> bool:
        with small.database.write() as session:
            row = session.get_one(Announcement, (small.home, number))
            return announcements.finish(session, row, now=now)

    assert not finish()
    with small.database.write() as session:
        session.scalars(select(OutboxMessage)).one().state = "sent"
    assert finish()
    assert not finish()
    with small.database.write() as session:
        session.delete(session.scalars(select(AnnouncementRecipient)).one())
    assert small.progress(number).by_channel == {"telegram": {"sent": 1}}


def test_what_a_closed_page_never_fetched_is_given_up_after_a_week(small: Village):
    small.person("ba", channel="webchat")
    number = small.approved()
    small.collect(number)
    small.queue(number)

    with small.database.write() as session:
        row = session.get_one(Announcement, (small.home, number))
        assert announcements.finish(session, row, now=NOW + dt.timedelta(days=8))

    assert (small.queued(), small.progress(number).skipped) == ([], {"late": 1})


def test_another_commune_is_not_looked_at(small: Village):
    small.person("ba")
    with small.database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
        assert session.scalar(select(func.count()).select_from(Commune)) == 2

    with small.database.read() as session:
        found = announcements.estimate(
            session, commune_id=other, audience=Audience(channels=CHANNELS), outlets=ALL, now=NOW
        )
        assert announcements.listed(session, commune_id=other) == []
    assert (found.total, found.passed_over) == (0, {})
