"""The dialogue, as stories."""

import re

import pytest

from bot.content import Content
from retrieval.decide import Candidate, Choices
from retrieval.engine import Found
from retrieval.repair import Repair
from tests.bot.conftest import HandClock
from tests.bot.talk import Talk

ASK = "quen mat khau vneid lam sao"
GUIDE = "vneid-quen-mat-khau"


@pytest.fixture
def talk(content: Content, clock: HandClock) -> Talk:
    return Talk(content, clock)


def walk_to_the_end(talk: Talk, steps: int) -> None:
    for _ in range(steps):
        talk.say("xong rồi")


def test_the_first_answer_to_a_clear_question_is_the_first_step_and_asks_for_nothing(talk: Talk):
    intro, step = talk.says(ASK)

    assert intro.splitlines()[0] == "Cháu chỉ bác việc: Quên mật khẩu VNeID, có 7 bước."
    assert "Theo Báo Dân trí, xem lại ngày" in intro
    assert step.splitlines()[0].startswith("Bước 1/7. Bác mở ứng dụng VNeID")
    assert step.splitlines()[-3:] == ["1. Xong rồi", "2. Không thấy", "0. Gặp người giúp · 9. Quay lại"]
    assert talk.effects("question") == [
        {
            "kind": "question",
            "outcome": "guide",
            "guide": GUIDE,
            "score": talk.turns[0].outcome["score"],
            "candidates": talk.turns[0].outcome["candidates"],
            "scam": None,
            "passages": [],
        }
    ]


def test_a_guide_is_walked_step_by_step_to_its_closing_question_and_counts_once(talk: Talk):
    talk.say(ASK)

    headers = [talk.says("1")[0].split(".")[0] for _ in range(6)]
    closing = talk.says("1")[0]
    talk.say("có rồi")

    assert headers == [f"Bước {n}/7" for n in range(2, 8)]
    assert closing.splitlines()[0].endswith("chưa ạ?")
    assert closing.splitlines()[1:] == ["1. Có rồi", "2. Chưa", "0. Gặp người giúp · 9. Quay lại"]
    assert talk.effects("completion") == [{"kind": "completion", "guide": GUIDE, "grade": "self"}]


def test_the_hamlet_is_asked_once_after_help_was_given_and_then_the_steps_are_offered(talk: Talk):
    talk.say(ASK)
    walk_to_the_end(talk, 7)

    finished = talk.says("có rồi")
    named = talk.says("x3")

    assert finished[0].startswith("✅")
    assert finished[1].startswith("Để xã biết chỗ nào cần giúp thêm, bác ở xóm nào ạ?")
    assert named[0] == "Dạ cháu ghi bác ở Xóm 3 ạ."
    assert named[1].splitlines()[1:3] == ["1. Gửi tôi xem", "2. Không cần"]
    assert talk.effects("hamlet") == [{"kind": "hamlet", "hamlet": "xom-3"}]

    handout = talk.says("1")
    assert handout[0].splitlines()[0] == "Quên mật khẩu VNeID"
    assert [line.split(".")[0] for line in handout[0].splitlines()[1:]] == [str(n) for n in range(1, 8)]

    talk.say("lấy lại mật khẩu vneid")
    walk_to_the_end(talk, 7)
    assert not any("xóm nào" in text for text in talk.says("có rồi"))


def test_who_would_rather_not_name_the_hamlet_is_not_asked_again(talk: Talk):
    talk.say(ASK)
    walk_to_the_end(talk, 7)
    talk.say("có rồi")

    assert talk.says("bỏ qua")[0] == "Dạ không sao ạ."
    assert talk.effects("hamlet") == []


def test_a_hamlet_that_came_with_the_link_is_taken_without_asking(talk: Talk):
    talk.say(ASK, hamlet="xom-5")
    walk_to_the_end(talk, 7)

    finished = talk.says("có rồi")

    assert talk.effects("hamlet") == [{"kind": "hamlet", "hamlet": "xom-5"}]
    assert not any("xóm nào" in text for text in finished)


def test_a_hamlet_of_another_commune_in_the_link_is_ignored(talk: Talk):
    talk.say(ASK, hamlet="xom-77")

    assert talk.effects("hamlet") == []


def test_what_is_not_there_gets_its_own_help_then_a_likely_fault_then_a_person(talk: Talk):
    talk.say(ASK)
    talk.say("1")

    first, second = talk.says("không thấy")[0], talk.says("vẫn không thấy")[0]

    assert first.splitlines()[0] == (
        "Bác kéo màn hình lên một chút. Máy mỗi đời mỗi khác, chữ có thể nằm thấp hơn."
    )
    assert second.startswith("Vẫn chưa được thì không sao ạ. Hay gặp là:")
    assert second.splitlines()[-2] == "3. Vâng, nhờ người giúp"
    assert talk.says("được rồi")[0].startswith("Bước 3/7")


def test_nine_goes_back_one_step_and_from_the_side_ways_to_the_step(talk: Talk):
    talk.say(ASK)
    talk.say("1")
    talk.say("1")

    assert talk.says("9")[0].startswith("Bước 2/7")
    talk.say("2")
    assert "Bước 2/7" in talk.says("quay lại")[0]
    assert talk.says("9")[0].startswith("Bước 1/7")
    assert talk.says("9")[0].startswith("Đây là bước đầu rồi ạ.")


def test_zero_calls_a_person_from_anywhere_and_the_guide_can_go_on(talk: Talk):
    talk.say(ASK)
    talk.say("1")

    called = talk.says("0")[0]

    assert called.startswith(
        "Cháu đã ghi lại để người của xã Thử biết bác cần giúp. Giờ này chưa có người trực, từ 7 giờ 30 sáng"
        " mai có người trả lời bác. Gấp thì bác gọi số 0238 000 111"
    )
    assert talk.effects("handoff") == [
        {"kind": "handoff", "reason": "asked", "guide": GUIDE, "step": 2, "question": None, "tried": []}
    ]
    assert "Bước 2/7" in talk.says("1")[0]


def test_the_ladder_of_misses_ends_in_a_person_and_never_says_the_same_twice(talk: Talk):
    said = [talk.says(text)[0] for text in ("bbvcx nmk", "zxcvb wrtz", "hjklg dfgh", "xcvbd mnbv")]

    assert [text.splitlines()[1] for text in said[:2]] == ["1. Định danh VNeID, căn cước", "1. Tránh lừa đảo"]
    assert [text.splitlines()[1] for text in said[2:]] == ["1. Vâng, nhờ người giúp"] * 2
    assert len(set(said)) == 4
    assert [effect["outcome"] for effect in talk.effects("question")] == ["no_answer"] * 4

    talk.say("1")
    assert talk.effects("handoff")[0]["reason"] == "misses"


def test_a_new_question_in_the_middle_of_a_guide_is_answered(talk: Talk):
    talk.say(ASK)

    assert "Nối" in (answer := talk.says("kết nối wifi nhà hàng xóm kiểu gì")[0]) or "Wi-Fi" in answer


@pytest.mark.parametrize("hours", [1.5, 24, 24 * 6])
def test_after_a_break_the_step_is_offered_again(talk: Talk, clock: HandClock, hours: float):
    talk.say(ASK)
    talk.say("1")
    clock.forward(hours=hours)

    offered = talk.says("chào cháu")[-1]

    assert '"Quên mật khẩu VNeID"' in offered
    assert offered.splitlines()[1:4] == ["1. Làm tiếp bước 2", "2. Làm lại từ đầu", "3. Việc khác"]
    assert "Bước 2/7" in talk.says("1")[0]


def test_a_bare_done_after_a_break_is_not_taken_for_a_step(talk: Talk, clock: HandClock):
    talk.say(ASK)
    clock.forward(hours=30)

    assert "Làm tiếp bước 1" in talk.says("1")[-1]


def test_after_seven_days_a_guide_is_forgotten(talk: Talk, clock: HandClock):
    talk.say(ASK)
    clock.forward(days=8)

    assert len(talk.says("chào cháu")) == 1


def test_a_number_out_of_range_gets_the_list_again(talk: Talk):
    talk.say(ASK)

    assert talk.says("7")[0].splitlines()[1:3] == ["1. Xong rồi", "2. Không thấy"]
    assert talk.says("1")[0].startswith("Bước 2/7")


def test_a_button_of_an_older_message_does_not_skip_a_step(talk: Talk):
    first = talk.say(ASK).replies[-1].choices[0].payload
    talk.say("1")

    again = talk.says("", payload=first)

    assert again[0].splitlines()[0] == "Mục này cũ rồi, cháu nhắc lại mục mới nhất để bác chọn ạ:"
    assert "Bước 3/7" in talk.says("1")[0]


def test_a_secret_is_met_with_a_warning_first_and_the_question_is_still_answered(talk: Talk):
    said = talk.says("mã otp 771204 của vneid nhập vào đâu")

    assert said[0].startswith("⚠️ Bác vừa gửi dãy giống mã OTP. Cháu đã che đi và không lưu.")
    assert len(said) > 1


def test_a_message_that_is_only_a_secret_gets_only_the_warning(talk: Talk):
    said = talk.says("771204")

    assert len(said) == 1
    assert said[0].startswith("⚠️ Bác vừa gửi dãy giống mã OTP.")
    assert talk.effects("question") == []


def test_who_is_being_robbed_gets_at_most_three_things_to_do_and_a_person_is_called(talk: Talk):
    first, then = talk.says("tôi vừa đọc mã otp cho người lạ, tiền trong tài khoản đang bị trừ")

    assert first.startswith("⚠️ Bác làm ngay 3 việc:\n1)")
    assert "113" in first
    assert "4)" not in first
    assert then.splitlines()[1] == "1. Xem các bước tiếp theo"
    assert talk.turns[0].outcome["outcome"] == "urgent"
    assert [effect["reason"] for effect in talk.effects("handoff")] == ["urgent"]
    assert talk.says("1")[0].startswith("Cháu chỉ bác việc: Đã bị lừa tiền")


def test_a_forwarded_scam_is_judged_with_its_signs_and_never_called_safe(talk: Talk):
    text = "VNeID: Tai khoan cua ban se bi khoa trong 24h. Cap nhat tai http://vneid-gov.vn.xyz-login.top/app.apk"

    said = talk.says(text)

    assert talk.turns[0].outcome["outcome"] == "scam_check"
    assert talk.turns[0].outcome["scam"]["verdict"] == "likely"
    assert said[0].count("\n- ") == 3
    assert "an toàn" not in " ".join(said)
    assert "http" not in " ".join(said)


def test_erasing_is_asked_once_and_ends_with_a_receipt(talk: Talk):
    talk.say(ASK)

    assert talk.says("xóa dữ liệu của tôi")[0].splitlines()[1:3] == ["1. Xóa hết", "2. Không xóa nữa"]
    receipt = re.search(r"Số biên nhận: ([0-9A-Z]{8})", talk.says("1")[0])

    assert receipt is not None
    assert talk.effects("erase") == [{"kind": "erase", "receipt": receipt[1]}]


def test_erasing_can_be_called_off(talk: Talk):
    talk.say("xóa dữ liệu của tôi")
    talk.say("không")

    assert talk.effects("erase") == []


def test_it_says_that_it_is_a_machine_at_once_and_when_asked(talk: Talk):
    assert "trợ lý máy" in talk.says("chào cháu")[0]
    assert "cháu là máy" in talk.says("người hay máy")[0].lower()


def test_choices_lead_to_the_guide_and_mend_the_question(talk: Talk):
    talk.say("menu")
    topic = talk.says("1")[0]
    first_title = topic.splitlines()[1].removeprefix("1. ")

    assert talk.says("1")[0].startswith(f"Cháu chỉ bác việc: {first_title}")


# --- What was understood --------------------------------------------------------------------------


def test_a_question_whose_words_were_mended_is_said_back_before_the_answer(talk: Talk):
    intro = talk.says("quen maatj khaaur vneid")[0]

    assert intro.splitlines()[:2] == [
        "Cháu hiểu là: quên mật khẩu VNeID.",
        "Cháu chỉ bác việc: Quên mật khẩu VNeID, có 7 bước.",
    ]


def test_a_long_one_is_said_back_by_the_name_of_the_guide(talk: Talk):
    intro = talk.says("dạ cháu ơi giúp bác với cái máy nó cứ hỏi hoài, quên mk vneid r h k vô đc lm s ạ")[0]

    assert intro.splitlines()[0] == ("Cháu hiểu là bác hỏi việc: Quên mật khẩu VNeID. Việc này có 7 bước.")


@pytest.mark.parametrize("text", ["quên mật khẩu vneid", "Quên mật khẩu VNeID thì làm sao ạ?", ASK])
def test_words_that_stayed_are_not_said_back(talk: Talk, text: str):
    assert talk.says(text)[0].startswith("Cháu chỉ bác việc:")


def test_nothing_found_is_not_said_back(talk: Talk):
    said = talk.says("giaas luas hoom nay bao nhieeu")[0]

    assert "hiểu là" not in said


class Finds:
    """Content whose search finds what it is told to; the rest is as shipped."""

    def __init__(self, content: Content, found: Found) -> None:
        self._content, self._found = content, found

    def ask(self, _question: str) -> Found:
        return self._found

    def __getattr__(self, name: str) -> object:
        return getattr(self._content, name)


def between(content: Content, *slugs: str, understood: str, repairs: tuple[Repair, ...] = ()) -> Finds:
    candidates = tuple(Candidate(slug, 0.3) for slug in slugs)
    return Finds(content, Found(Choices(slugs), candidates, understood, repairs))


def test_choices_are_short_and_say_what_tells_them_apart(content: Content, clock: HandClock):
    found = between(content, "dvc-tam-tru", "vneid-luu-tru", understood="đăng ký tạm trú")

    said = Talk(found, clock).says("đăng ký tạm trú")[0]  # type: ignore[arg-type]

    assert said.splitlines()[1:] == [
        "1. Đăng ký tạm trú, ở từ 30 ngày",
        "2. Báo khách ở lại vài ngày (lưu trú)",
        "3. Việc khác",
        "0. Gặp người giúp · 9. Quay lại",
    ]


def test_before_choices_it_is_said_what_was_understood(content: Content, clock: HandClock):
    mended = (Repair("maatj", "mật"),)
    found = between(content, "vneid-quen-mat-khau", "kn-email", understood="quên mật khẩu", repairs=mended)

    said = Talk(found, clock).says("quên maatj khẩu")[0]  # type: ignore[arg-type]

    assert said.splitlines()[0] == "Cháu hiểu là: quên mật khẩu."
    assert said.splitlines()[2] == "1. Quên mật khẩu đăng nhập VNeID"


def test_no_label_to_choose_from_is_longer_than_a_line_of_a_small_screen(content: Content):
    assert [slug for slug, guide in content.library().guides.items() if len(guide.choice) > 40] == []


@pytest.mark.parametrize(
    "text",
    ["", "   ", "😀😀😀", "\u200b\u200b", "\x00\x01", "<b>chào</b><script>alert(1)</script>", "a" * 10_000,
     "quên mật khẩu " * 700, "9" * 10_000, "{bác} {{ 7*7 }} {% x %}", "q\u0301\u0323\u0323\u0323"],
)  # fmt: skip
def test_odd_messages_get_a_clear_answer(talk: Talk, text: str):
    assert all(reply for reply in talk.says(text))


def test_a_message_too_long_to_be_read_whole_is_said_to_be_so_and_still_answered(talk: Talk):
    said = talk.says("quên mật khẩu vneid " + "a " * 5_000)

    assert said[0].startswith("Tin của bác dài quá, cháu chỉ đọc được phần đầu.")
    assert len(said) > 1


def test_decomposed_letters_are_understood_like_composed_ones(talk: Talk):
    import unicodedata

    talk.say(unicodedata.normalize("NFD", "Quên mật khẩu VNeID"))

    assert talk.turns[0].outcome["guide"] == GUIDE


def test_while_people_are_on_duty_a_call_says_that_it_is_answered_here(talk: Talk, clock: HandClock):
    clock.forward(hours=18)  # Monday, half past nine in Vietnam

    called = talk.says("0")[0]

    assert called.startswith(
        "Cháu đã ghi lại để người của xã Thử biết bác cần giúp. Có người nhận thì cháu báo bác ở đây. "
        "Bác gọi số 0238 000 111"
    )
