"""The figures of a commune once more, in plain SQL, for the tests to compare with."""

from dataclasses import dataclass, replace

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from knowledge.guide import TOPICS
from records.models import UtcDateTime
from staff.period import Period
from tests.staff.random_commune import GUIDES

ANY = "any"


@dataclass(frozen=True)
class Scope:
    """What to count; `part` are days of the period, for a week."""

    commune_id: int
    period: Period
    hamlet: int | str | None = ANY
    channel: str | None = None
    group: str | None = ANY
    guides: tuple[str, ...] | None = None
    part: Period | None = None

    def where(self, kind: str) -> str:
        parts = ["commune_id = :commune", "created_at >= :start", "created_at < :end"]
        if self.hamlet != ANY:
            parts.append("hamlet_id IS NULL" if self.hamlet is None else "hamlet_id = :hamlet")
        if self.group != ANY:
            having = "learner_group IS NULL" if self.group is None else "learner_group = :group_"
            parts.append(f"learner_id IN (SELECT id FROM learners WHERE {having})")
        if self.channel:
            talks = "conversation_id IN (SELECT id FROM conversations WHERE channel = :channel)"
            parts.append(talks if kind == "handoffs" else "channel = :channel")
        if self.guides is not None:
            parts.append("guide IN (" + ", ".join(f"'{slug}'" for slug in self.guides) + ")")
        return " AND ".join(parts)

    def numbers(self, session: Session, *statements: str) -> list[int]:
        days = self.part or self.period
        values = {
            "commune": self.commune_id,
            "hamlet": self.hamlet,
            "channel": self.channel,
            "group_": self.group,
            "start": days.start,
            "end": days.end,
            "whole_start": self.period.start,
            "whole_end": self.period.end,
            "first": days.first,
            "last": days.last,
        }
        found = []
        for statement in statements:
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            times = [
                bindparam(name, type_=UtcDateTime()) for name in used if "start" in name or "end" in name
            ]
            found.append(int(session.scalar(text(statement).bindparams(*times), used) or 0))
        return found


def recount(session: Session, scope: Scope) -> dict[str, int]:
    asked, called = scope.where("questions"), scope.where("handoffs")
    answered = "(outcome IN ('guide', 'plan', 'scam_check', 'urgent') OR guide IS NOT NULL)"
    met = "(answered_at IS NOT NULL OR closed_reason = 'helped')"
    # Of what somebody did in several grades, the first in the whole period; then by place and week.
    everywhere = replace(scope, hamlet=ANY, channel=None, guides=None).where("completions")
    whole = everywhere.replace(":start", ":whole_start").replace(":end", ":whole_end")
    kept = "taken_back_at IS NULL"
    firsts = f"SELECT MIN(id) FROM completions WHERE {whole} AND {kept} GROUP BY learner_id, guide"
    done = f"{scope.where('completions')} AND {kept}"
    names = (
        "helped", "learners", "questions", "unanswered", "completions", "grade_self", "grade_quiz",
        "grade_confirmed", "calls",
    )  # fmt: skip
    return dict(
        zip(
            names,
            scope.numbers(
                session,
                f"SELECT COUNT(*) FROM (SELECT learner_id FROM questions WHERE {asked} AND {answered} "
                f"UNION SELECT learner_id FROM handoffs WHERE {called} AND {met}) AS helped",
                f"SELECT COUNT(DISTINCT learner_id) FROM questions WHERE {asked}",
                f"SELECT COUNT(*) FROM questions WHERE {asked}",
                f"SELECT COUNT(*) FROM questions WHERE {asked} AND guide IS NULL "
                "AND outcome IN ('no_answer', 'choices')",
                f"SELECT COUNT(*) FROM completions WHERE {done} AND id IN ({firsts})",
                *(
                    f"SELECT COUNT(*) FROM completions WHERE {done} AND grade = '{grade}'"
                    for grade in ("self", "quiz", "confirmed")
                ),
                f"SELECT COUNT(*) FROM handoffs WHERE {called}",
            ),
            strict=True,
        )
    )


def recount_classes(session: Session, scope: Scope) -> tuple[int, int]:
    where = "commune_id = :commune AND kind = 'class' AND NOT is_void AND day >= :first AND day <= :last"
    if scope.hamlet != ANY:
        where += " AND hamlet_id IS NULL" if scope.hamlet is None else " AND hamlet_id = :hamlet"
    classes, people = scope.numbers(
        session,
        f"SELECT COUNT(*) FROM class_notes WHERE {where}",
        f"SELECT SUM(total) FROM class_notes WHERE {where}",
    )
    return classes, people


def topics(session: Session, scope: Scope) -> dict[str | None, dict[str, int]]:
    """By topic; what has no guide, or one that is gone, is the rest."""
    rows = {}
    for topic in TOPICS:
        slugs = tuple(slug for slug, of in GUIDES.items() if of == topic)
        rows[topic] = recount(session, replace(scope, guides=slugs or ("no such guide",)))
    total = recount(session, scope)
    rows[None] = {key: total[key] - sum(row[key] for row in rows.values()) for key in total}
    return rows
