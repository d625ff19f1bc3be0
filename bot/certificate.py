"""The commune's own paper for who answered the questions of a first level: one page, to print.

It names nobody, for no names are kept: the learner writes theirs. It says plainly that it is not the
state's confirmation on VNeID, and how to get that one.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.learning_facts import learning_of
from handlers.course import open_course
from handlers.services import Services
from knowledge.lessons import Paths
from knowledge.library import Library
from knowledge.phrases import Phrases
from records import learners, progress
from records.communes import CommuneProfile
from records.database import Database
from records.models import Learner
from records.vault import Vault
from staff.formats import day, local
from staff.pdf import DARK, Paper

MARGIN = 22.0  # mm
BODY, HEADING = 13, 20  # points
LEADING = 1.64  # room to write and to stamp


@dataclass(frozen=True, slots=True)
class Certificate:
    place: str
    group: str
    lessons: tuple[tuple[str, dt.date], ...]  # title, and when its questions were answered
    day: dt.date


class Certificates:
    """Makes the paper of who has earned it; None for everybody else."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        services: Services,
        commune: Callable[[str], CommuneProfile],
    ) -> None:
        """`commune` finds a commune by its slug."""
        self._database, self._vault = database, vault
        self._services, self._commune = services, commune

    def of_talk(self, *, commune: str, channel: str, external_id: str) -> bytes | None:
        """For the person whose talk this is on the channel."""
        profile, services = self._commune(commune), self._services.of(commune)
        hashes = self._vault.hashes(channel, external_id)
        with self._database.read() as session:
            talk = learners.find_conversation(session, commune_id=profile.id, channel=channel, hashes=hashes)
            if talk is None:
                return None
            learner = session.get_one(Learner, (profile.id, talk.learner_id))
            earned = certificate_of(
                session, learner, services.paths, services.library(), place=profile.name, now=services.clock()
            )
        return None if earned is None else certificate_pdf(earned, services.phrases)


def certificate_of(
    session: Session, learner: Learner, paths: Paths, library: Library, *, place: str, now: dt.datetime
) -> Certificate | None:
    """What a learner has earned; None while questions of the first level are open."""
    today = local(now).date()
    course = open_course(paths, library, learning_of(session, learner), today)
    if course is None or not course.is_first_level_passed:
        return None
    days = progress.quiz_days(session, commune_id=learner.commune_id, learner_id=learner.id)
    lessons = tuple((course.guides[slug].title, local(days[slug]).date()) for slug in course.lessons(1))
    return Certificate(place, course.path.name, lessons, today)


def certificate_pdf(certificate: Certificate, phrases: Phrases) -> bytes:
    """One page A4; its text can be selected and searched (NFC)."""
    pdf = Paper(phrases("learning.paper_title"), margin=MARGIN)
    pdf.add_page()
    pdf.set_draw_color(*DARK)
    pdf.rect(MARGIN / 2, MARGIN / 2, pdf.w - MARGIN, pdf.h - MARGIN)

    place, count = certificate.place, len(certificate.lessons)
    _write(pdf, phrases("learning.paper_place", place=place), align="C", style="B")
    _write(pdf, phrases("learning.paper_movement"), align="C", after=6)
    pdf.set_text_color(*DARK)
    _write(pdf, phrases("learning.paper_title"), align="C", style="B", size=HEADING, after=8)
    pdf.set_text_color(0)
    _write(pdf, phrases("learning.paper_name") + " " + "." * 70, after=4)
    _write(pdf, phrases("learning.paper_passed", count=count, group=certificate.group), after=2)
    for number, (title, passed) in enumerate(certificate.lessons, 1):
        _write(pdf, phrases("learning.paper_lesson", number=number, title=title, day=day(passed)))
    pdf.ln(4)
    _write(pdf, phrases("learning.paper_not_state", place=place), style="B", after=3)
    _write(pdf, phrases("learning.paper_state_title"), style="B")
    _write(pdf, phrases("learning.paper_state_how", place=place), after=6)
    _write(pdf, phrases("learning.paper_day", place=place, day=day(certificate.day)), align="R")
    _write(pdf, phrases("learning.paper_seal"), align="R")
    return bytes(pdf.output())


def _write(
    pdf: Paper, text: str, *, align: str = "L", style: str = "", size: int = BODY, after: float = 0
) -> None:
    pdf.say(text, size=size, style=style, align=align, after=after, leading=LEADING)
