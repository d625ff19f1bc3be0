"""Words are carried between two people exactly once, whatever happens; on both kinds of database."""

import itertools
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.assembly import Assistant
from bot.conversation import Conversation
from bot.messages import IncomingMessage, Receipt
from bot.pushing import Pushing
from bot.relay import offer_waiting
from handlers.services import HelpFacts
from records import handoffs, volunteers
from records.models import Handoff, InboxMessage

COMMUNE = "xa-mau"


class Village:
    """A resident and two volunteers, all in the web chat."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.home = assistant.directory.by_slug(COMMUNE).id
        self._numbers = itertools.count(1)
        self._seen: dict[str, int] = {}
        for name in ("Hoa", "Mai"):
            self.says(name, self.invited(name))

    def invited(self, name: str) -> str:
        with self.assistant.database.write() as session:
            now = self.assistant.clock()
            return volunteers.invite(
                session, commune_id=self.home, name=name, hamlets=(), by="staff:lan", now=now
            )[1]

    def send(self, who: str, text: str, *, message_id: str | None = None) -> Receipt:
        number = message_id or f"m{next(self._numbers)}"
        receipt = self.assistant.desk.receive(IncomingMessage(COMMUNE, "webchat", who, number, text))
        assert self.assistant.desk.wait(receipt, timeout_s=20)
        return receipt

    def says(self, who: str, text: str) -> list[str]:
        self.heard(who)
        self.send(who, text)
        return self.heard(who)

    def heard(self, who: str) -> list[str]:
        """What the person was told since the last time."""
        entries = self.assistant.desk.talk(
            commune=COMMUNE, channel="webchat", external_id=who, after=self._seen.get(who, 0)
        )
        self._seen[who] = max([self._seen.get(who, 0), *(entry.id for entry in entries)])
        return [entry.text for entry in entries if entry.who == "assistant"]

    def call(self) -> Handoff:
        with self.assistant.database.read() as session:
            return session.scalars(select(Handoff)).one()

    def release_behind_their_backs(self) -> None:
        """As another process does: nobody is told."""
        call = self.call()
        assert call.volunteer_id is not None
        with self.assistant.database.write() as session:
            assert handoffs.release(
                session, commune_id=self.home, handoff_id=call.id, volunteer_id=call.volunteer_id,
                now=self.assistant.clock(),
            )  # fmt: skip


@pytest.fixture
def village(assistant: Assistant) -> Village:
    return Village(assistant)


def test_a_message_delivered_twice_is_carried_once(village: Village):
    village.send("bà Tư", "0")
    village.says("Hoa", "1")
    village.heard("bà Tư")

    for _ in range(2):
        village.send("bà Tư", "bác không thấy nút đó", message_id="twice")
        village.send("Hoa", "Bác kéo lên nhé", message_id="twice too")

    assert [said.split(": ")[1] for said in village.heard("Hoa")] == ["bác không thấy nút đó"]
    assert village.heard("bà Tư") == ["Hoa (tình nguyện viên): Bác kéo lên nhé"]


def test_a_turn_that_was_decided_on_what_changed_meanwhile_is_done_again(village: Village):
    village.send("bà Tư", "0")
    village.says("Hoa", "1")
    village.heard("bà Tư")
    old = stale(village, "bà Tư")
    village.release_behind_their_backs()
    look_up_first(village.assistant, old)

    said = village.says("bà Tư", "quên mật khẩu vneid")

    assert said[1].startswith("Bước 1/7.")
    assert village.heard("Hoa") == []
    with village.assistant.database.read() as session:
        assert {message.attempts for message in session.scalars(select(InboxMessage))} == {0}


def test_a_volunteer_whose_call_went_away_meanwhile_learns_that_nothing_was_carried(village: Village):
    village.send("bà Tư", "0")
    village.says("Hoa", "1")
    village.heard("bà Tư")
    old = stale(village, "Hoa")
    village.release_behind_their_backs()
    look_up_first(village.assistant, old)

    assert village.says("Hoa", "Cháu chào bác")[0].startswith("Việc này đã đóng hoặc đã sang người khác")
    assert village.heard("bà Tư") == []


def stale(village: Village, who: str) -> HelpFacts:
    """The calls as the assistant would see them now, when this person writes."""
    with village.assistant.database.read() as session:
        talks = session.scalars(select(InboxMessage.conversation_id).order_by(InboxMessage.id.desc())).all()
    services = village.assistant.worker._runner._conversation.services
    looked_up = (services.help(village.home, f"webchat:{talk}") for talk in dict.fromkeys(talks))
    is_hers = (lambda facts: facts.mine) if who == "Hoa" else (lambda facts: facts.helper)
    return next(facts for facts in looked_up if facts is not None and is_hers(facts))


def look_up_first(assistant: Assistant, facts: HelpFacts) -> None:
    """The next look-up gives `facts`, the ones after it what is so."""
    runner = assistant.worker._runner
    before = runner._conversation
    left = [facts]
    services = replace(
        before.services,
        help=lambda commune_id, sender: left.pop() if left else before.services.help(commune_id, sender),
    )
    runner._conversation = Conversation(services, before._safety)


def test_calls_of_which_nobody_was_told_are_offered_once(village: Village):
    for name in ("Hoa", "Mai"):
        village.says(name, "nghỉ trực")
    village.send("bà Tư", "0")
    assert village.call().offered_at is None
    with village.assistant.database.write() as session:
        for volunteer in volunteers.list_volunteers(session, commune_id=village.home):
            volunteers.set_duty(session, volunteer, True)

    def offered() -> int:
        with village.assistant.database.write() as session:
            services = village.assistant.worker._runner._conversation.services
            push = Pushing(session, services, village.assistant.clock())
            return offer_waiting(push, commune_id=village.home)

    assert (offered(), offered()) == (1, 0)
    assert [len(village.heard(name)) for name in ("Hoa", "Mai")] == [1, 1]


def test_a_volunteer_who_erases_their_data_leaves_the_call_to_the_next(village: Village):
    village.send("bà Tư", "0")
    village.says("Hoa", "1")
    village.heard("bà Tư")
    village.heard("Mai")

    village.says("Hoa", "để đó")
    village.says("Hoa", "xóa dữ liệu của tôi")
    assert "biên nhận" in village.says("Hoa", "1")[0]

    assert "nhờ người khác giúp" in village.heard("bà Tư")[0]
    assert any(said.startswith("Có người cần giúp") for said in village.heard("Mai"))
    assert village.call().state == "open"
