"""A commune by chance: people of its hamlets and of none, and what they asked, did and called for."""

import datetime as dt
import random

from knowledge.guide import GROUPS
from records.community import ClassNote
from records.learners import open_conversation
from records.models import Completion, Handoff, Learner, Question
from tests.staff.world import World

GUIDES = {"vneid-quen-mat-khau": "vneid", "tt-quet-qr": "thanh-toan", "at-otp": "an-toan", "da-go": None}
CHANNELS = ("zalo", "web", "telegram")
GROUPS_USED = GROUPS[:2]


def fill(world: World, chance: random.Random, *, people: int) -> None:
    """People of three hamlets and of none, with what they asked, did and called for from June on."""
    home, start = world.home, dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    hamlets = [hamlet.id for hamlet in home.hamlets]

    def moment() -> dt.datetime:
        return start + dt.timedelta(seconds=chance.randrange(200 * 86_400))

    with world.database.write() as session:
        talks = []
        for number in range(people):
            channel = chance.choice(CHANNELS)
            talk = open_conversation(
                session, commune_id=home.id, channel=channel, hashes=[str(number)], now=moment()
            )
            learner = session.get_one(Learner, (home.id, talk.learner_id))
            learner.hamlet_id = chance.choice([*hamlets, hamlets[0], None])
            learner.group = chance.choice([*GROUPS_USED, None])
            talks.append((talk, learner))
        number = 0
        for talk, learner in talks:
            who = {"commune_id": home.id, "learner_id": learner.id, "hamlet_id": learner.hamlet_id}
            for _ in range(chance.randrange(9)):
                number += 1
                guide = chance.choice([*GUIDES, None])
                other = chance.choice(("no_answer", "choices", "plan", "greet"))
                session.add(
                    Question(
                        **who,
                        inbox_id=number,
                        channel=talk.channel,
                        redacted="hỏi",
                        guide=guide,
                        outcome="guide" if guide else other,
                        created_at=moment(),
                    )
                )
            for guide in chance.sample(list(GUIDES), chance.randrange(4)):
                for grade in chance.sample(("self", "quiz", "confirmed"), chance.randrange(1, 4)):
                    taken_back = moment() if chance.random() < 0.1 else None
                    done = {"channel": talk.channel, "guide": guide, "grade": grade, "created_at": moment()}
                    session.add(Completion(**who, **done, taken_back_at=taken_back))
            if chance.random() < 0.3:
                made, met = moment(), chance.choice(["answered", "helped", None])
                session.add(
                    Handoff(
                        **who,
                        conversation_id=talk.id,
                        reason="asked",
                        created_at=made,
                        answered_at=made + dt.timedelta(minutes=40) if met == "answered" else None,
                        closed_reason="helped" if met == "helped" else None,
                        state="closed" if met == "helped" else "open",
                    )
                )
        for note in range(12):
            session.add(
                ClassNote(
                    commune_id=home.id,
                    inbox_id=-note,
                    guides=[],
                    entered_by="staff:lan",
                    volunteer_id=None,
                    hamlet_id=chance.choice([*hamlets, None]),
                    kind=chance.choice(("class", "class", "visit")),
                    day=moment().date(),
                    total=chance.randrange(1, 30),
                    women=chance.choice([3, None]),
                    is_void=chance.random() < 0.2,
                    created_at=moment(),
                )
            )
