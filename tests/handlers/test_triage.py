"""Who is in need of help this minute, and who only sounds so."""

import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.guard import guard
from handlers.triage import MODEL, Triage, UrgentModel, read, without_figures
from handlers.triage_features import terms
from knowledge.glossary import load_glossary
from knowledge.guide import ContentError
from knowledge.library import CONTENT, load_library
from knowledge.safety_rules import KINDS, load_urgent_examples, load_urgent_rules
from retrieval.engine import make_repairer

DATA = Path(__file__).parents[1] / "data" / "questions"


@pytest.fixture(scope="module")
def triage() -> Triage:
    repairer = make_repairer(load_library(), load_glossary())
    return Triage(lambda text: repairer.read(text).text)


def rows(name: str) -> Iterator[dict[str, Any]]:
    with (DATA / name).open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def urgent_rows(*, odd: bool) -> list[dict[str, Any]]:
    return [row for row in rows("urgent.jsonl") if int(row["id"][2:]) % 2 == odd]


# The file is by somebody else. Its odd half was looked at while the sentences were written; the even
# half never, so its bound says what to expect of people we do not know: 62 of 65 when it was read, once.
@pytest.mark.parametrize(("odd", "least"), [(True, 0.97), (False, 0.93)])
def test_hears_nearly_everybody_in_need(triage: Triage, odd: bool, least: float):
    cries = [row["q"] for row in urgent_rows(odd=odd) if row["urgent"]]

    missed = [cry for cry in cries if triage.urgent(guard(cry).redacted) is None]

    assert 1 - len(missed) / len(cries) >= least, "\n".join(missed)


@pytest.mark.parametrize("odd", [True, False])
def test_seldom_takes_a_near_miss_for_an_emergency(triage: Triage, odd: bool):
    calm = [row["q"] for row in urgent_rows(odd=odd) if not row["urgent"]]

    alarmed = [q for q in calm if triage.urgent(guard(q).redacted)]

    assert len(alarmed) / len(calm) <= 0.025, "\n".join(alarmed)


@pytest.mark.parametrize(
    "said",
    [
        "em",
        "nó",
        "mẹ",
        "tụi hắn",
        "tự mở",
        "rồi cháu ạ",
        "giờ mẹ tôi dùng",
        "đọc cho tôi nghe",
        "nhắc bác mỗi sáng",
    ],
)
def test_a_few_words_of_a_talk_are_no_emergency(triage: Triage, said: str):
    assert triage.urgent(said) is None


@pytest.mark.parametrize("said", ["bị lừa tiền rồi", "mất hết tiền rồi", "tôi vừa bị lừa"])
def test_a_few_words_can_be_a_cry(triage: Triage, said: str):
    assert triage.urgent(said) is not None


def test_seldom_takes_an_ordinary_question_for_an_emergency(triage: Triage):
    # Questions about frauds are left out: many are asked while one is going on.
    calm = [row["q"] for row in rows("dev.jsonl") if not row["slugs"][0].startswith("at-")]

    alarmed = [q for q in calm if triage.urgent(guard(q).redacted)]

    assert len(alarmed) / len(calm) <= 0.02, "\n".join(alarmed)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("tôi vừa bị lừa chuyển 20 triệu", "scam"),
        ("toi vua bi lua chuyen 20 trieu", "scam"),
        ("tooi vuwaf bij luwaf chuyeenr 20 trieeuj", "scam"),
        ("tui mới bị hắn lừa hết tiền, chừ mần răng", "scam"),
        ("điện thoại tôi tự bấm chuyển tiền, không tắt được", "remote_control"),
        ("nó dọa tung ảnh nóng của em nếu không đưa tiền", "extortion"),
        ("con tôi bị bắt cóc rồi", "child"),
        ("tôi không muốn sống nữa", "suicide"),
        ("toi muon tu tu", "suicide"),
        ("bọn đòi nợ tạt sơn dọa giết cả nhà tôi", "threat"),
        ("zalo của tôi bị hack, nó đang mượn tiền bạn bè", "account_taken"),
    ],
)
def test_names_the_kind_of_help_that_is_needed(triage: Triage, text: str, kind: str):
    assert triage.urgent(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "nóng muốn chết",
        "hàng này bán cháy hàng rồi",
        "điện thoại chết nguồn",
        "cười chết mất",
        "tôi chuyển nhầm tiền cho người khác, lấy lại sao",
        "mất thẻ atm thì khóa thế nào",
        "năm ngoái tôi bị lừa, giờ muốn học cách phòng tránh",
        "làm sao để không bị lừa",
        "quên mật khẩu vneid",
        "1",
        "",
        "   ",
        "‹otp›",
    ],
)
def test_leaves_others_to_the_guides(triage: Triage, text: str):
    assert triage.urgent(text) is None


def test_hears_a_cry_at_the_end_of_a_long_story(triage: Triage):
    story = "hôm qua trời mưa nên bác ở nhà xem ti vi rồi ngủ trưa, chiều bác ra đồng thăm lúa. " * 30

    assert triage.urgent(story) is None
    assert triage.urgent(story + "tôi không muốn sống nữa, tôi muốn tự tử") == "suicide"


class BrokenModel(UrgentModel):
    def judge(self, found: set[str]) -> tuple[str, float]:
        raise RuntimeError("broken")


def test_warns_rather_than_fails_when_judging_is_broken(caplog: pytest.LogCaptureFixture):
    triage = Triage(str, model=BrokenModel())

    assert triage.urgent("bác bị lừa chuyển tiền rồi") == "scam"
    assert triage.urgent("cách nối wifi") is None
    assert "triage failed" in caplog.text
    assert "lừa" not in caplog.text


def test_never_warns_of_what_only_a_figure_of_speech_says():
    figures = load_urgent_rules().figures

    assert without_figures("trời nóng muốn chết cháu ơi", figures) == "trời cháu ơi"
    assert without_figures("tôi muốn chết", figures) == "tôi muốn chết"


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_never_fails_whatever_is_sent(text: str):
    assert SHARED.urgent(text) in {None, *KINDS}


SHARED = Triage(str)


@pytest.mark.parametrize("unit", ["lừa ", "chuyeenr tieenf ", "qzx1 ", "a", "tự tử\n", "‹", "\u0301"])
def test_ten_thousand_characters_take_less_than_fifty_milliseconds(triage: Triage, unit: str):
    text = (unit * 10_000)[:10_000]
    triage.urgent(text)  # what is loaded once does not count

    took = min(seconds(triage, text) for _ in range(3))

    assert took < 0.05


def test_an_ordinary_message_takes_less_than_a_millisecond(triage: Triage):
    questions = [row["q"] for row in rows("dev.jsonl")]

    assert statistics.median(seconds(triage, question) for question in questions) < 0.001


def seconds(triage: Triage, text: str) -> float:
    started = time.perf_counter()
    triage.urgent(text)
    return time.perf_counter() - started


def test_the_shipped_model_was_trained_on_the_content_as_it_is():
    # After a change in knowledge/safety: python -m handlers.triage_training
    assert UrgentModel().digest == load_urgent_examples().digest


def test_the_shipped_model_is_small():
    assert MODEL.stat().st_size < 3_000_000


def test_every_kind_has_sentences_enough_to_learn_from():
    examples = load_urgent_examples()

    assert {kind: len(found) for kind, found in examples.urgent.items() if len(found) < 60} == {}
    assert len(examples.not_urgent) >= 500


def test_no_sentence_is_taught_as_urgent_and_as_not():
    examples = load_urgent_examples()
    urgent = {sentence for found in examples.urgent.values() for sentence in found}

    assert urgent & set(examples.not_urgent) == set()


def test_a_cry_is_read_as_typed_and_as_repaired():
    parts = read("Tooi BỊ lừa", lambda text: text.replace("tooi", "tôi"), load_urgent_rules().figures)

    assert parts == [("tooi bị lừa", "tôi bị lừa")]


def test_ideas_join_other_ways_of_saying_the_same():
    ideas = load_urgent_rules().ideas

    assert "i:cheat" in terms(["bị gạt"], ideas).others & terms(["mắc lừa"], ideas).others


def test_a_slot_that_does_not_exist_is_refused_with_its_line(tmp_path: Path):
    content = copy_of_safety(tmp_path)
    file = content / "safety" / "urgent" / "child.txt"
    file.write_text("# x\n<đứa nào> bị dọa\n", encoding="utf-8")

    with pytest.raises(ContentError, match=r"child\.txt:2.*đứa nào"):
        load_urgent_examples(content)


def test_a_broken_pattern_is_refused(tmp_path: Path):
    content = copy_of_safety(tmp_path)
    path = content / "safety" / "urgent.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data["patterns"]["child"] = ["(con bi"]
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")

    with pytest.raises(ContentError, match=r"con bi"):
        load_urgent_rules(content)


def copy_of_safety(folder: Path) -> Path:
    for path in (CONTENT / "safety").rglob("*"):
        if path.suffix in (".txt", ".yaml"):
            copy = folder / "safety" / path.relative_to(CONTENT / "safety")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    return folder


def test_training_learns_what_it_is_shown(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("sklearn")
    from handlers.linear_training import choose_features, fit

    found = [["f:lua", "f:tien"], ["f:wifi", "f:noi"]] * 10
    names = choose_features(found, range(len(found)))

    weights, bias = fit(found, [0, 1] * 10, names)

    scores = weights[[names.index("f:lua"), names.index("f:tien")]].sum(axis=0) + bias
    assert names == ["f:lua", "f:noi", "f:tien", "f:wifi"]
    assert scores < 0  # of two classes, the log-odds of the second
    assert weights.shape == (4, 1)
