from dataclasses import replace

from knowledge.glossary import Glossary
from knowledge.library import Library, library_of
from retrieval.changes import Change, Changes, Known, spread, what_changes
from retrieval.decide import Choices, OneGuide
from retrieval.encoder import StaticEncoder
from retrieval.engine import Engine, build_engine


def with_question(library: Library, slug: str, question: str) -> Library:
    guide = library.guide(slug)
    changed = replace(guide, questions=(*guide.questions, question))
    return library_of(({**library.guides, slug: changed}).values(), library.elsewhere)


def test_a_question_added_to_a_guide_changes_its_own_answer_and_no_clear_one(
    library: Library, glossary: Glossary, engine: Engine
):
    asked = "loa phát thanh xóm rè thì gọi ai"
    after = build_engine(with_question(library, "kn-wifi", asked), glossary, StaticEncoder())
    known = [Known(asked, "kn-wifi"), Known("quên mật khẩu vneid", "vneid-quen-mat-khau")]

    changes = what_changes(known, before=engine, after=after)

    assert [change.known.question for change in changes.changed] == [asked]
    assert (changes.asked, changes.losses, changes.gains, changes.drop) == (2, 0, 1, 0)


def test_many_are_answered_as_one_by_one(engine: Engine):
    asked = ["quên mật khẩu vneid", "", "12345", "nấu phở", "bat wifi o dau"]

    assert engine.ask_all(asked) == [engine.ask(question) for question in asked]


def test_a_right_answer_that_is_lost_is_a_loss_whatever_comes_instead():
    known = Known("quên mật khẩu", "vneid-quen-mat-khau")
    right, other = OneGuide("vneid-quen-mat-khau"), Choices(("kn-wifi", "vneid-quen-mat-khau"))

    assert Change(known, right, other).is_loss
    assert Change(known, other, right).is_gain
    assert not Change(Known("quên mật khẩu", None), right, other).is_loss


def test_new_questions_that_are_answered_make_up_for_no_old_one_that_is_lost():
    right, other = OneGuide("kn-wifi"), OneGuide("kn-chu-to")
    lost = Change(Known("bắt mạng", "kn-wifi"), right, other)
    new = Change(Known("mạng thôn", "kn-wifi", is_new=True), other, right)
    won = Change(Known("mạng nhà", "kn-wifi"), other, right)

    assert Changes(9, (lost, new)).drop == 1
    assert Changes(9, (lost, new, won)).drop == 0
    assert Changes(9, (lost, new, won)).gains == 2


def test_a_sample_is_spread_over_all_and_the_same_each_time():
    items = [Known(str(number), None) for number in range(10)]

    assert [known.question for known in spread(items, 4)] == ["0", "2", "5", "7"]
    assert spread(items, 10) == items
