"""Ghi buổi học: a class, a visit or help in person, told in a line, read back, then saved.

What is missing or cannot be is asked back, one question at a time. Only volunteers note classes.
"""

import datetime as dt
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from handlers import class_draft as drafts
from handlers import effects, effects_classes
from handlers.base import Button, ServiceAction, Turn, button
from handlers.class_draft import Draft
from handlers.class_guides import guides_of
from handlers.class_note_counts import PARTS
from handlers.class_note_parse import WHOLE, Note, parse_note
from handlers.class_talk import COUNTS
from handlers.hamlet_names import match_hamlet
from handlers.services import VolunteerFacts
from handlers.working_hours import VIETNAM

LISTED = 3  # choices beside the one that leads elsewhere
TRIES = 2  # answers that could not be read, until a way out is offered


class NotingAction(ServiceAction):
    """Notes what a volunteer says; each time it must still be one who writes."""

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        volunteer = turn.services.volunteer(turn.commune.id, turn.sender)
        if volunteer is None:
            turn.slots.update(class_draft=None, class_asked=None)
            turn.say("classes.only_volunteers", place=turn.place)
        else:
            self.note(turn, volunteer)

    @abstractmethod
    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None: ...


class ActionClassNoteStart(NotingAction):
    intent = "class_note_start"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        if turn.slot("class_draft"):
            buttons = [
                button(turn.phrase("classes.draft_go_on"), "class_go_on", means="yes"),
                button(turn.phrase("classes.draft_anew"), "class_anew", means="no"),
            ]
            turn.say("classes.draft_open", buttons=buttons)
            return
        _ask_for_line(turn, volunteer)


class ActionClassAnew(NotingAction):
    intent = "class_anew"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        turn.slots.update(class_draft=None)
        _ask_for_line(turn, volunteer)


class ActionClassGoOn(NotingAction):
    intent = "class_go_on"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        draft = _draft(turn)
        if draft is None:
            _ask_for_line(turn, volunteer)
        else:
            _go_on(turn, draft)


class ActionClassNote(NotingAction):
    """The line itself."""

    intent = "class_note"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        note = _read(turn)
        _go_on(turn, drafts.begin(note, own_hamlets=volunteer.hamlets), wrong=note.wrong)


class ActionClassAnswer(NotingAction):
    """An answer in words to what was asked; what else it says is taken along."""

    intent = "class_answer"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        asked, draft = str(turn.slot("class_asked")), _draft(turn)
        note = _read(turn)
        if draft is None:
            if _says_more_than_topics(note) or note.guides or note.wrong:
                _go_on(turn, drafts.begin(note, own_hamlets=volunteer.hamlets), wrong=note.wrong)
            else:
                _not_read(turn, asked)
            return
        if drafts.is_unknown(turn.text) and asked in (*PARTS, "topic"):
            _go_on(turn, drafts.forget(draft, asked))
            return
        answer = _answered(turn, draft, asked, note)
        if answer is None:
            _not_read(turn, asked, note.wrong)
            return
        wrong = note.wrong or drafts.too_many(draft, answer)
        _go_on(turn, drafts.merge(draft, drafts.without(answer, wrong)), wrong)


class ActionClassFill(NotingAction):
    """An answer chosen from a list."""

    intent = "class_fill"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        draft, chosen = _draft(turn), turn.entities
        if draft is None:
            _ask_for_line(turn, volunteer)
            return
        if hamlet := chosen.get("hamlet"):
            draft = drafts.merge(draft, Note(hamlet=str(hamlet)))
        if day := chosen.get("day"):
            draft = drafts.merge(draft, Note(day=dt.date.fromisoformat(str(day))))
        if chosen.get("part"):
            part, count = str(chosen["part"]), int(str(chosen.get("count")))
            draft = drafts.merge(draft, Note(total=count) if part == "total" else Note(parts={part: count}))
        if "topic" in chosen:
            draft = drafts.choose_guide(draft, chosen["topic"] or None)
        _go_on(turn, draft)


class ActionClassBack(NotingAction):
    """ "9" or "thôi" while something is asked: nothing is lost without a word.

    Asked for a number, 9 may be the answer itself.
    """

    intent = "class_back"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        asked, draft = turn.slot("class_asked"), _draft(turn)
        turn.slots.update(class_asked=None)
        if draft is None:
            turn.say("classes.dropped")
            return
        buttons = [
            button(turn.phrase("classes.draft_go_on"), "class_go_on", means="yes"),
            button(turn.phrase("classes.drop"), "class_drop", means="no"),
        ]
        if asked in COUNTS and turn.entities.get("said") == "back":
            nine = button(turn.phrase(f"classes.nine_{asked}"), "class_fill", part=asked, count=9)
            buttons.insert(0, nine)
        turn.say("classes.back", buttons=buttons)


class ActionClassDrop(NotingAction):
    intent = "class_drop"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        turn.slots.update(class_draft=None, class_asked=None)
        turn.say("classes.dropped")


class ActionClassFix(NotingAction):
    intent = "class_fix"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        if _draft(turn) is None:
            _ask_for_line(turn, volunteer)
            return
        turn.slots.update(class_asked="check", class_tries=0, choices=None)
        turn.say("classes.fix", example=_example_hamlet(turn))


class ActionClassSave(NotingAction):
    intent = "class_save"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        draft = _draft(turn)
        turn.slots.update(class_draft=None, class_asked=None)
        if draft is None or draft.missing(turn.services.class_counts) or draft.day is None:
            turn.say("classes.nothing_to_save")
            return
        counted = turn.services.class_counts
        turn.effects.append(
            effects_classes.class_note(
                draft.kind,
                day=draft.day,
                hamlet=None if draft.hamlet == WHOLE else draft.hamlet,
                guides=draft.guides,
                total=draft.total or 0,
                parts={part: count for part, count in draft.parts.items() if part in counted},
                codes=draft.codes,
                topics=draft.in_words,
            )
        )
        turn.say("classes.saved")


class ActionClassUndo(NotingAction):
    intent = "class_note_undo"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        last = turn.services.community.last_note(turn.commune.id, turn.sender)
        if last is None:
            turn.say("classes.nothing_to_undo")
            return
        hamlet = turn.commune.hamlet(last.hamlet)
        line = turn.phrase(
            "classes.line",
            kind=turn.phrase(f"classes.kind_{last.kind}"),
            hamlet=hamlet.name if hamlet else turn.phrase("classes.whole"),
            day=_day(last.day),
        )
        buttons = [
            button(turn.phrase("classes.undo_yes"), "class_undo_yes", note=last.id, means="yes"),
            button(turn.phrase("classes.undo_no"), "class_undo_no", means="no"),
        ]
        turn.say("classes.undo_ask", line=line, total=last.total, buttons=buttons)


class ActionClassUndoYes(NotingAction):
    intent = "class_undo_yes"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        turn.effects.append(effects_classes.void_note(int(turn.entities["note"])))
        turn.say("classes.undone")


class ActionClassUndoNo(NotingAction):
    intent = "class_undo_no"

    def note(self, turn: Turn, volunteer: VolunteerFacts) -> None:
        turn.say("classes.kept")


# --- Asking and reading back ------------------------------------------------------------------------


def _go_on(turn: Turn, draft: Draft, wrong: Sequence[str] = ()) -> None:
    """Ask for the next thing that is missing, or read the note back."""
    lead = [turn.phrase(f"classes.wrong_{wrong[0]}", total=draft.total)] if wrong else []
    strangers = [code for code in draft.codes if not _is_known(turn, code)]
    if strangers:
        lead.append(turn.phrase("classes.unknown_code", codes=", ".join(strangers)))
        draft = drafts.without_codes(draft, strangers)
    asked = draft.missing(turn.services.class_counts)
    turn.slots.update(class_draft=drafts.to_slot(draft), class_asked=asked or "check", class_tries=0)
    if asked is None:
        _read_back(turn, draft, lead)
        return
    text, buttons = _question(turn, draft, asked)
    if not buttons:
        turn.slots.update(choices=None)  # a number answers this, no list from before
    turn.say_text("\n".join([*lead, text]), buttons=buttons)


def _question(turn: Turn, draft: Draft, asked: str) -> tuple[str, list[Button]]:
    if asked == "hamlet":
        return turn.phrase("classes.ask_hamlet", example=_example_hamlet(turn)), _hamlet_buttons(turn, draft)
    if asked == "day":
        today = _today(turn)
        days = (("classes.today", today), ("classes.yesterday", today - dt.timedelta(days=1)))
        buttons = [button(turn.phrase(key), "class_fill", day=day.isoformat()) for key, day in days]
        return turn.phrase("classes.ask_day"), buttons
    if asked == "topic":
        return _topic_question(turn, draft)
    return turn.phrase(f"classes.ask_{asked}", total=draft.total), []


def _hamlet_buttons(turn: Turn, draft: Draft) -> list[Button]:
    """The hamlets between which it is not clear, else those of the volunteer."""
    volunteer = turn.services.volunteer(turn.commune.id, turn.sender)
    slugs = draft.hamlets or (volunteer.hamlets if volunteer else ())
    named = [hamlet for slug in slugs[:LISTED] if (hamlet := turn.commune.hamlet(slug))]
    buttons = [button(hamlet.name, "class_fill", hamlet=hamlet.slug) for hamlet in named]
    whole = button(turn.phrase("classes.whole"), "class_fill", hamlet=WHOLE)
    return [*buttons, whole] if buttons else []  # without a list "1" is the name of a hamlet


def _topic_question(turn: Turn, draft: Draft) -> tuple[str, list[Button]]:
    unclear = next((topic for topic in draft.topics if len(topic.guides) > 1), None)
    if unclear is None:
        return turn.phrase("classes.ask_topic"), []
    guides = turn.services.library().guides
    buttons = [
        button(guides[slug].title, "class_fill", topic=slug)
        for slug in unclear.guides[:LISTED]
        if slug in guides
    ]
    buttons.append(button(turn.phrase("classes.topic_other"), "class_fill", topic=""))
    return turn.phrase("classes.ask_which", said=unclear.said), buttons


def _read_back(turn: Turn, draft: Draft, lead: list[str]) -> None:
    assert draft.day is not None
    hamlet = turn.commune.hamlet(draft.hamlet)
    counted = [part for part in turn.services.class_counts if part in draft.parts]
    people = [turn.phrase("classes.people", count=draft.total)]
    people += [turn.phrase(f"classes.people_{part}", count=draft.parts[part]) for part in counted]
    guides = turn.services.library().guides
    titles = [guides[slug].title for slug in draft.guides if slug in guides]
    lines = [
        *lead,
        turn.phrase("classes.read_back"),
        turn.phrase(
            "classes.line",
            kind=turn.phrase(f"classes.kind_{draft.kind}"),
            hamlet=hamlet.name if hamlet else turn.phrase("classes.whole"),
            day=_day(draft.day),
        ),
        ", ".join(people),
    ]
    if titles or draft.in_words:
        lines.append(turn.phrase("classes.taught", titles="; ".join([*titles, *draft.in_words])))
    if draft.codes:
        lines.append(turn.phrase("classes.codes", codes=", ".join(draft.codes)))
    if any(part not in counted for part in draft.parts):
        lines.append(turn.phrase("classes.not_counted"))
    buttons = [
        button(turn.phrase("classes.save"), "class_save", means="yes"),
        button(turn.phrase("classes.change"), "class_fix", means="no"),
        button(turn.phrase("classes.drop"), "class_drop"),
    ]
    turn.say_text("\n".join(lines), buttons=buttons)


def _ask_for_line(turn: Turn, volunteer: VolunteerFacts) -> None:
    turn.slots.update(class_asked="line", class_tries=0, choices=None)
    own = turn.commune.hamlet(volunteer.hamlets[0]) if volunteer.hamlets else None
    turn.say("classes.start", hamlet=own.name if own else _example_hamlet(turn))


def _not_read(turn: Turn, asked: str, wrong: Sequence[str] = ()) -> None:
    """It was no answer: asked in other words, then with a way out."""
    tries = int(turn.slot("class_tries") or 0) + 1
    turn.slots.update(class_tries=tries)
    if wrong:
        draft = _draft(turn)
        turn.say(f"classes.wrong_{wrong[0]}", total=draft.total if draft else None)
        return
    if tries < TRIES:
        turn.say(f"classes.again_{'count' if asked in COUNTS else asked}", example=_example_hamlet(turn))
        return
    buttons = [
        button(turn.phrase("classes.draft_go_on"), "class_go_on", means="yes"),
        button(turn.phrase("classes.drop"), "class_drop", means="no"),
    ]
    turn.say("classes.stuck", buttons=buttons)


# --- What was said ----------------------------------------------------------------------------------


def _answered(turn: Turn, draft: Draft, asked: str, note: Note) -> Note | None:
    """What the answer says; None when the message is no answer."""
    if asked == "hamlet" and (matches := match_hamlet(turn.text, turn.commune.hamlets)):
        slugs = tuple(hamlet.slug for hamlet in matches)
        return Note(hamlet=slugs[0]) if len(slugs) == 1 else Note(hamlets=slugs)
    if asked in COUNTS:
        count = note.total if asked in PARTS and not note.parts else None  # "8 người": so many of them
        if count is None and not (note.total or note.parts or note.wrong):
            count = drafts.read_count(turn.text)
        if count is not None:
            return Note(total=count) if asked == "total" else Note(parts={asked: count})
    if asked == "day" and turn.text.strip().isdecimal():
        note = _read(turn, f"ngày {turn.text.strip()}")
    elif asked not in ("check", "line") and turn.text.strip().isdecimal():
        return None
    if _says_more_than_topics(note):
        return note if asked == "topic" else replace(note, topics=())
    return Note(topics=note.topics) if note.topics and asked in ("topic", "check") else None


def _says_more_than_topics(note: Note) -> bool:
    return bool(note.hamlet or note.hamlets or note.day or note.total or note.parts or note.codes)


def _read(turn: Turn, text: str | None = None) -> Note:
    library = turn.services.library()
    return parse_note(
        turn.text if text is None else text,
        today=_today(turn),
        hamlets=turn.commune.hamlets,
        find_guides=lambda said: guides_of(said, library, turn.services.ask),
    )


def _draft(turn: Turn) -> Draft | None:
    values = turn.slot("class_draft")
    return drafts.from_slot(values) if values else None


def _is_known(turn: Turn, code: str) -> bool:
    return turn.services.community.learner(turn.commune.id, turn.sender, code) is not None


def _today(turn: Turn) -> dt.date:
    return turn.services.clock().astimezone(VIETNAM).date()


def _day(day: dt.date) -> str:
    return f"{day.day}/{day.month}/{day.year}"


def _example_hamlet(turn: Turn) -> str:
    return turn.commune.hamlets[0].name if turn.commune.hamlets else turn.place
