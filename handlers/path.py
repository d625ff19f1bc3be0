""" "Học gì tiếp?": the next one or two guides, how far one is in words, the group, and the level.

All of it is optional: who chose no group learns on everybody's path, who said no level begins with
what comes first.
"""

from abc import abstractmethod
from dataclasses import replace

from handlers import effects, effects_learning
from handlers.base import Button, ServiceAction, Turn, button, topic_buttons
from handlers.course import Course, open_course
from handlers.steps import current_step, walked

GROUPS_A_PAGE = 3
BEGINNER = 2  # guides done; from then on nobody need ask what they can do


class _CourseAction(ServiceAction):
    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        course = course_of(turn)
        if course is None:
            turn.say("chat.help", buttons=topic_buttons(turn))
        else:
            turn.slots["aside"] = True  # of a guide under way: 9 leads back to its step
            self.learn(turn, course)

    @abstractmethod
    def learn(self, turn: Turn, course: Course) -> None: ...


class ActionPathNext(_CourseAction):
    intent = "path_next"

    def learn(self, turn: Turn, course: Course) -> None:
        offer_next(turn, course)


class ActionPathProgress(_CourseAction):
    """How far they are, the grades kept apart: said, by questions, seen by a volunteer."""

    intent = "path_progress"

    def learn(self, turn: Turn, course: Course) -> None:
        grades = list(course.learning.done.values())
        quizzed = sum("quiz" in each for each in grades)
        confirmed = sum("confirmed" in each for each in grades)
        lines = [progress_in_words(turn, course)]
        if quizzed or confirmed:
            lines.append(turn.phrase("learning.grades", quizzed=quizzed, confirmed=confirmed))
        buttons = go_on_buttons(turn)
        if course.is_first_level_passed:
            buttons.append(button(turn.phrase("learning.certificate_get"), "certificate"))
        elif grades:
            buttons.append(button(turn.phrase("learning.quiz_some"), "quiz_start"))
        turn.say_text("\n".join(lines), buttons=buttons)


class ActionPathGroups(_CourseAction):
    """Three groups a page; the fourth line leads to the others."""

    intent = "path_groups"

    def learn(self, turn: Turn, course: Course) -> None:
        paths = list(turn.services.paths.by_slug.values())
        pages = -(-len(paths) // GROUPS_A_PAGE)
        page = int(turn.entities.get("page") or 0) % pages
        buttons = [
            button(path.name, "set_path", path=path.slug)
            for path in paths[page * GROUPS_A_PAGE :][:GROUPS_A_PAGE]
        ]
        if pages > 1:
            buttons.append(button(turn.phrase("learning.group_other"), "path_groups", page=page + 1))
        turn.say("learning.group_ask", buttons=buttons)


class ActionSetPath(_CourseAction):
    intent = "set_path"

    def learn(self, turn: Turn, course: Course) -> None:
        path = turn.services.paths.by_slug.get(str(turn.entities.get("path") or ""))
        if path is None:  # it was taken out since the list was shown
            offer_next(turn, course)
            return
        turn.effects.append(effects_learning.path(group=path.slug))
        chosen = replace(course, path=path, learning=replace(course.learning, group=path.slug))
        offer_next(turn, chosen, lead=turn.phrase("learning.group_set", group=path.name))


class ActionLevelAsk(_CourseAction):
    """Three easy questions, each harder than the one before; the first "chưa" ends them."""

    intent = "level_ask"

    def learn(self, turn: Turn, course: Course) -> None:
        questions = turn.services.paths.level_questions
        number, known = int(turn.entities.get("number") or 0), turn.entities.get("known")
        if known is False or number >= len(questions):
            level = max(1, number - 1 if known is False else number)
            turn.effects.append(effects_learning.path(level=level))
            assessed = replace(course, learning=replace(course.learning, level=level))
            offer_next(turn, assessed, lead=turn.phrase(f"learning.level_{min(level, 3)}"))
            return
        yes = button(
            turn.phrase("learning.level_yes"), "level_ask", number=number + 1, known=True, means="yes"
        )
        no = button(turn.phrase("learning.level_no"), "level_ask", number=number + 1, known=False, means="no")
        turn.say_text(turn.addressed(questions[number]), buttons=[yes, no])


def course_of(turn: Turn) -> Course | None:
    services = turn.services
    learning = services.learning(turn.commune.id, turn.sender)
    return open_course(services.paths, services.library(), learning, services.clock().date())


def go_on_buttons(turn: Turn) -> list[Button]:
    """The next lesson, or not now: with a guide under way that goes on."""
    guide = walked(turn)
    if guide is None:
        later = button(turn.phrase("learning.later"), "handout_no", means="no")
    else:
        later = button(turn.phrase("guide.resume", step=current_step(turn, guide)), "resume", means="no")
    return [button(turn.phrase("learning.go_on"), "path_next", means="yes"), later]


def offer_next(turn: Turn, course: Course, *, lead: str | None = None) -> None:
    """What can be learnt next, to choose from; `lead` is said before."""
    guides = course.next_guides()
    lines = [*([lead] if lead else []), progress_in_words(turn, course)]
    if not guides:
        turn.say_text("\n".join(lines), buttons=[*_others(turn, course), go_on_buttons(turn)[1]])
        return
    if len(guides) > 1 and guides[1].slug in course.learning.nearby:
        lines.append(turn.phrase("learning.next_nearby", title=guides[1].title))
    lines.append(turn.phrase("learning.next"))
    buttons = [button(guide.title, "start_guide", guide=guide.slug) for guide in guides]
    turn.say_text("\n".join(lines), buttons=[*buttons, *_others(turn, course)])


def progress_in_words(turn: Turn, course: Course) -> str:
    """ "Bác đã xong 5 trên 12 bài đầu." """
    if turn.slot("unlogged"):
        return turn.phrase("learning.unlogged")
    level = course.level
    if level is None:
        return turn.phrase("learning.all_done")
    count = len(course.lessons(level))
    done = count - len(course.left(level))
    if not done:
        return turn.phrase(f"learning.begin_{level}", count=count)
    return turn.phrase(f"learning.progress_{level}", done=done, count=count)


def _others(turn: Turn, course: Course) -> list[Button]:
    buttons = []
    if course.learning.level is None and len(course.learning.done) < BEGINNER:
        buttons.append(button(turn.phrase("learning.level_offer"), "level_ask"))
    return [*buttons, button(turn.phrase("learning.group_offer"), "path_groups")]
