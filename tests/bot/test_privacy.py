"""What a person can do about their own data by chat, from the notice to the last byte."""

import datetime as dt
import hashlib
import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from bot.app import _housekeeping, build_app
from bot.assembly import Assistant, open_assistant
from bot.content import Content
from bot.messages import IncomingMessage
from bot.settings import Settings
from handlers.privacy import NOTICE
from knowledge.phrases import load_phrases
from records import migrate
from records.backup import backups
from records.database import open_database, sqlite_url
from records.models import (
    ChannelIdentity,
    Completion,
    Conversation,
    Erasure,
    Handoff,
    InboxMessage,
    Learner,
    OutboxMessage,
    Question,
    SubjectRequest,
    TurnEvents,
    UnloggedCount,
)
from records.sample import SLUG
from tests.bot.conftest import HandClock
from tests.bot.talk import Talk
from tests.bot.test_desk import rows, tell
from tests.records.test_erasure import all_rows

ASK = "quen mat khau vneid lam sao"
ODD = "nhà tôi ở cạnh cây đa Trường Sơn"  # words that stand nowhere else
PLAIN_ODD = "cây đa Trường Sơn"


@pytest.fixture
def talk(content: Content, clock: HandClock) -> Talk:
    return Talk(content, clock)


@pytest.fixture
def newcomer(content: Content, clock: HandClock) -> Talk:
    return Talk(content, clock, is_new=True)


# --- The notice ---------------------------------------------------------------------------------


def notices(said: list[str]) -> list[str]:
    return [text for text in said if text.startswith("Cháu ghi câu hỏi của bác")]


def test_the_notice_comes_once_in_two_sentences_after_the_first_answer(newcomer: Talk):
    greeted, asked, next_step = newcomer.says("chào cháu"), newcomer.says(ASK), newcomer.says("xong rồi")

    assert (notices(greeted), notices(next_step)) == ([], [])
    assert notices(asked) == [asked[-1]]
    assert asked[1].startswith("Bước 1/7")
    assert asked[-1] == (
        "Cháu ghi câu hỏi của bác trong 90 ngày, có che số riêng, để xã biết bà con cần gì.\n"
        'Bác đồng ý thì nhắn "đồng ý lưu"; không thì nhắn "không lưu"; '
        'muốn xem hay xóa thì nhắn "dữ liệu của tôi".'
    )
    assert newcomer.effects("consent") == [{"kind": "consent", "what": "notice", "version": NOTICE}]


def test_who_gets_no_answer_is_told_with_the_third_message(newcomer: Talk):
    said = [newcomer.says(text) for text in ("bbvcx nmk", "zxcvb wrtz", "hjklg dfgh", "xcvbd mnbv")]

    assert [len(notices(each)) for each in said] == [0, 0, 1, 0]


def test_who_is_being_robbed_is_not_held_up_by_a_notice(newcomer: Talk):
    urgent = newcomer.says("tôi vừa đọc mã otp cho người lạ, tiền trong tài khoản đang bị trừ")

    assert notices(urgent) == []
    assert len(notices(newcomer.says(ASK))) == 1


def test_a_changed_notice_has_a_new_version():
    """docs/privacy.md keeps each wording: what somebody was told must be known years later."""
    text = load_phrases().texts["chat.notice"][0]
    versions = {"1": "3b352e32"}

    assert hashlib.sha256(text.encode()).hexdigest()[:8] == versions[NOTICE], "count NOTICE up"
    docs = Path(__file__).parents[2] / "docs" / "privacy.md"
    assert all(line.strip() in docs.read_text(encoding="utf-8") for line in text.splitlines())


def test_notice_and_agreement_are_kept_with_version_and_time(assistant: Assistant, clock: HandClock):
    tell(assistant, ASK, 1)
    clock.forward(minutes=5)
    tell(assistant, "đồng ý lưu", 2)

    (learner,) = rows(assistant, Learner)
    assert (learner.notice_version, learner.consent_version) == (NOTICE, NOTICE)
    assert learner.consent_at - learner.notice_at == dt.timedelta(minutes=5)
    assert learner.announce_consent_version is None  # another purpose is another agreement

    tell(assistant, "rút lại đồng ý", 3)

    (learner,) = rows(assistant, Learner)
    assert (learner.consent_version, learner.consent_at) == (None, None)


# --- Commands -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "action"),
    [
        ("xem dữ liệu của tôi", "see_data"),
        ("XEM DU LIEU CUA TOI", "see_data"),
        ("dạ cho tôi xem dữ liệu của tôi với ạ", "see_data"),
        ("máy lưu gì về tôi", "see_data"),
        ("dữ liệu của tôi", "see_data"),
        ("sửa", "edit_data"),
        ("sua thong tin cua toi", "edit_data"),
        ("đổi xóm giúp bác", "edit_data"),
        ("đổi cách gọi", "edit_data"),
        ("xóa dữ liệu của tôi", "erase"),
        ("xoa het thong tin", "erase"),
        ("không lưu", "log_off"),
        ("ko luu", "log_off"),
        ("đừng lưu lại nhé cháu", "log_off"),
        ("tôi không muốn bị lưu", "log_off"),
        ("không lưu tin nhắn", "log_off"),
        ("lưu lại", "log_on"),
        ("luu lai nhu truoc", "log_on"),
        ("đồng ý lưu", "agree"),
        ("tôi đồng ý cho lưu", "agree"),
    ],
)
def test_the_words_are_understood_in_their_variants(talk: Talk, said: str, action: str):
    talk.say(ASK)

    talk.say(said)

    actions = [event["name"] for event in talk.turns[-1].events if event["event"] == "action"]
    assert actions == [f"action_{action}"]


@pytest.mark.parametrize(
    "question", ["không lưu được số điện thoại vào danh bạ", "sửa sai thông tin trên căn cước thế nào"]
)
def test_the_same_words_within_a_question_are_a_question(talk: Talk, question: str):
    talk.say(question)

    assert talk.slots.get("unlogged") is None
    assert talk.turns[-1].events[0]["intent"] == "ask"


def test_hamlet_and_form_of_address_are_changed_by_choosing(talk: Talk):
    talk.say(ASK, hamlet="xom-5")
    offered = talk.says("sửa")[0].splitlines()
    asked = talk.says("1")[0]
    changed = talk.says("xóm 3")[0]

    assert offered[:4] == [
        "Bác muốn sửa điều gì ạ?",
        "1. Xóm (đang ghi: Xóm 5)",
        "2. Cách xưng hô",
        "3. Điều khác",
    ]
    assert asked.startswith("Bác nhắn tên xóm của bác")
    assert changed == "Dạ cháu ghi bác ở Xóm 3 ạ."
    assert talk.effects("hamlet")[-1] == {"kind": "hamlet", "hamlet": "xom-3"}

    talk.say("sửa")
    assert talk.says("2")[0].splitlines()[1:5] == ["1. Bác", "2. Ông", "3. Bà", "4. Cách gọi khác"]
    assert talk.says("4")[0].splitlines()[1:4] == ["1. Cô", "2. Chú", "3. Dì"]
    assert talk.says("3")[0].startswith("Dạ từ giờ cháu gọi là dì ạ.")


def test_a_call_for_a_person_can_be_taken_back(assistant: Assistant):
    tell(assistant, "0", 1)
    offered = tell(assistant, "sửa", 2)
    number = next(c.number for c in offered[0].choices if c.title == "Rút lời nhờ người giúp")

    tell(assistant, str(number), 3)

    assert rows(assistant, Handoff) == []


def test_what_only_the_commune_can_change_becomes_a_request_with_a_number(assistant: Assistant):
    tell(assistant, ASK, 1)
    offered = tell(assistant, "sửa", 2)
    number = next(c.number for c in offered[0].choices if c.title == "Điều khác")

    (reply,) = tell(assistant, str(number), 3)

    (request,) = rows(assistant, SubjectRequest)
    (learner,) = rows(assistant, Learner)
    assert (request.kind, request.source, request.state) == ("correct", "chat", "new")
    assert request.learner_id == learner.id
    assert request.reference in reply.text
    assert "2 ngày làm việc" in reply.text


# --- Seeing -------------------------------------------------------------------------------------


def test_on_the_web_chat_all_of_it_is_on_a_page_and_in_two_files(assistant: Assistant):
    with TestClient(build_app(assistant), headers={"Sec-Fetch-Site": "same-origin"}) as http:
        nothing = http.get("/du-lieu")
        http.post("/tin-nhan", data={"text": ODD, "message_id": "m-00000000000000001"})
        http.post("/tin-nhan", data={"text": "xem dữ liệu của tôi", "message_id": "m-00000000000000002"})
        chat, page = http.get("/").text, http.get("/du-lieu")
        text, file = http.get("/du-lieu.txt"), http.get("/du-lieu.json")
        stranger = TestClient(build_app(assistant)).get("/du-lieu.json")

    assert "Máy chưa lưu gì về bác" in nothing.text
    assert 'bấm vào chữ "Dữ liệu của tôi"' in chat.replace("&#34;", '"')
    assert '<a href="/du-lieu">Dữ liệu của tôi</a>' in chat
    assert ODD in page.text
    assert page.headers["cache-control"] == "no-store"
    assert text.headers["content-disposition"] == 'attachment; filename="du-lieu-cua-toi.txt"'
    assert f"câu hỏi: {ODD}" in text.text
    held = file.json()["held"]
    assert [row["redacted"] for row in held["questions"]] == [ODD]
    assert [row["text"] for row in held["inbox"]] == [ODD, "xem dữ liệu của tôi"]
    assert stranger.status_code == 404


def test_on_other_channels_it_is_told_in_short_with_a_way_to_have_the_rest(assistant: Assistant):
    for number, text in enumerate((ASK, "xóm 3", ODD, "câu này dài " + "lắm " * 60)):
        assert ask_on_telegram(assistant, text, number)

    told = ask_on_telegram(assistant, "xem dữ liệu của tôi", 9)[0]

    assert told["text"].startswith(
        "Đây là những gì cháu đang lưu về bác:\n- Nhắn lần đầu ngày 22/11/2026, qua Telegram."
    )
    assert "- Xóm: Xóm 3." in told["text"]
    assert f'- Đã hỏi: "{ODD}"' in told["text"]
    assert "1. Xin bản đầy đủ\n2. Sửa\n3. Xóa hết" in told["text"]
    assert len(told["text"]) < 900

    ask_on_telegram(assistant, "1", 10)
    assert [request.kind for request in rows(assistant, SubjectRequest)] == ["copy"]


def ask_on_telegram(assistant: Assistant, text: str, number: int) -> list[dict[str, object]]:
    """The bodies of the replies to a message."""
    message = IncomingMessage(SLUG, "telegram", "77", str(number), text, address="77")
    receipt = assistant.desk.receive(message)
    assert assistant.desk.wait(receipt, timeout_s=20)
    with assistant.database.read() as session:
        found = session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.inbox_id == receipt.inbox_id)
            .order_by(OutboxMessage.position)
        )
        return [row.body for row in found]


# --- Keeping nothing ----------------------------------------------------------------------------


def test_after_khong_luu_only_a_count_is_kept_of_what_is_asked(assistant: Assistant, clock: HandClock):
    first = tell(assistant, "không lưu", 1)
    asked = tell(assistant, f"{ASK} {ODD}", 2)
    walked = tell(assistant, "xong rồi", 3)

    assert first[0].text.startswith("Dạ từ giờ cháu trả lời xong là xóa tin của bác")
    assert asked[-1].text.startswith("Bước 1/7")  # it goes on helping
    assert walked[0].text.startswith("Bước 2/7")
    for table in (Question, Completion, TurnEvents, Handoff):
        assert rows(assistant, table) == []
    assert [(row.text, row.state) for row in rows(assistant, InboxMessage)] == [("", "done")] * 3
    assert [(row.channel, row.count) for row in rows(assistant, UnloggedCount)] == [("webchat", 3)]
    (conversation,) = rows(assistant, Conversation)
    assert set(conversation.slots) <= {
        "commune", "address", "hamlet_asked", "unlogged", "guide", "step", "phase", "stuck", "aside",
        "choices", "misses", "waiting", "asking_hamlet", "turn", "last_at",
    }  # fmt: skip
    assert len(rows(assistant, OutboxMessage)) == 1  # the reply on the screen

    clock.forward(hours=1, minutes=1)
    _housekeeping(assistant)

    (conversation,) = rows(assistant, Conversation)
    assert set(conversation.slots) <= {"commune", "address", "hamlet_asked", "unlogged"}
    assert rows(assistant, OutboxMessage) == []
    clock.forward(days=1)
    _housekeeping(assistant)
    assert rows(assistant, InboxMessage) == []
    assert PLAIN_ODD not in str(all_rows(assistant.database))


def test_what_was_unlogged_is_in_no_file(settings: Settings, content: Content, clock: HandClock):
    with open_assistant(settings, clock=clock, content=content) as assistant:
        tell(assistant, "không lưu", 1)
        tell(assistant, ODD, 2)
        tell(assistant, ODD, 3, person="ông Năm")
        before = holding(settings.data_folder, PLAIN_ODD)
        # Only the write-ahead log may still have it, until the next minute.
        assistant.database.checkpoint()
        marked = holding(settings.data_folder, ODD)
        erase(assistant, "ông Năm", 4)
        _housekeeping(assistant)

        assert (before != [], marked) == (True, ["hocvuso.db"])  # what the other one asked
        assert holding(settings.data_folder, PLAIN_ODD) == []


def test_from_luu_lai_on_questions_are_kept_again(assistant: Assistant):
    for number, text in enumerate(("không lưu", ASK, "lưu lại", "quét mã qr để trả tiền")):
        tell(assistant, text, number)

    assert [row.redacted for row in rows(assistant, Question)] == ["quét mã qr để trả tiền"]
    (conversation,) = rows(assistant, Conversation)
    assert conversation.is_unlogged is False


def test_luu_lai_changes_nothing_where_everything_is_kept(talk: Talk):
    assert talk.says("lưu lại")[0].startswith("Dạ cháu vẫn đang ghi câu hỏi của bác như thường")


def test_a_call_for_a_person_is_still_a_call_but_without_its_words(assistant: Assistant):
    tell(assistant, "không lưu", 1)
    tell(assistant, f"tôi vừa bị lừa mất tiền trong tài khoản rồi, {ODD}", 2)

    (handoff,) = rows(assistant, Handoff)
    assert (handoff.reason, handoff.question) == ("urgent", None)


def test_a_message_that_cannot_be_answered_is_blanked_too(assistant: Assistant):
    tell(assistant, "không lưu", 1)
    services = assistant.worker._runner._conversation._services
    real = services.ask
    object.__setattr__(services, "ask", lambda _question: 1 / 0)
    try:
        tell(assistant, ODD, 2)
    finally:
        object.__setattr__(services, "ask", real)

    assert [(row.text, row.state) for row in rows(assistant, InboxMessage)] == [("", "done"), ("", "dead")]
    assert [handoff.question for handoff in rows(assistant, Handoff)] == [None]


# --- Erasing, to the last byte --------------------------------------------------------------------


def holding(folder: Path, words: str) -> list[str]:
    """The files under `folder` in which the words stand, as text or as JSON writes them."""
    forms = (words.encode(), json.dumps(words).strip('"').encode())
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    )


def erase(assistant: Assistant, person: str, number: int) -> str:
    tell(assistant, "xóa dữ liệu của tôi", f"{number}a", person=person)
    (reply,) = tell(assistant, "1", f"{number}b", person=person)
    found = re.search(r"Số biên nhận: ([0-9A-Z]{8})", reply.text)
    assert found is not None
    assert "được dọn trong đêm" in reply.text
    return found[1]


def test_an_erased_person_is_in_no_file_after_the_night_and_not_after_an_older_backup(
    settings: Settings, content: Content, clock: HandClock, tmp_path: Path
):
    """R27, on the whole data folder: database, log, backups, everything."""
    data, elsewhere = settings.data_folder, tmp_path / "elsewhere"
    with open_assistant(settings, clock=clock, content=content) as assistant:
        for person, words in (("ba Tư", ODD), ("ông Năm", "nhà tôi ở cạnh giếng Ngọc")):
            for number, text in enumerate((ASK, words, "xóm 3", "0")):
                tell(assistant, text, number, person=person)
        clock.forward(days=1)
        _housekeeping(assistant)  # a night: there is a backup with both of them
        (backup,) = backups(data / "backups")
        elsewhere.mkdir()
        for ending in (".db", ".json"):
            (elsewhere / f"{backup.stem}{ending}").write_bytes(backup.with_suffix(ending).read_bytes())
        before = all_rows(assistant.database)
        held = holding(data, PLAIN_ODD)

        receipt = erase(assistant, "ba Tư", 5)
        clock.forward(days=1)
        _housekeeping(assistant)

        after = all_rows(assistant.database)
        (erasure,) = rows(assistant, Erasure)
        assert "backups/" in "".join(held)
        assert holding(data, PLAIN_ODD) == []
        assert (erasure.receipt, erasure.cleaned_at) == (receipt, clock())
        others = [row for rows_ in before.values() for row in rows_ if "giếng Ngọc" in row]
        assert others
        assert [
            row for row in others if row not in {each for rows_ in after.values() for each in rows_}
        ] == []
        assert len(rows(assistant, Learner)) == 1
        assert len(backups(data / "backups")) == 2

    # The machine burns down; an older copy from elsewhere comes back, and with it the list.
    erasures = (data / "erasures.log").read_bytes()
    fresh = settings.model_copy(update={"data_folder": tmp_path / "fresh"})
    fresh.data_folder.mkdir()
    (fresh.data_folder / "erasures.log").write_bytes(erasures)
    (copy,) = backups(elsewhere)
    (fresh.data_folder / "hocvuso.db").write_bytes(copy.read_bytes())
    assert holding(fresh.data_folder, PLAIN_ODD) == ["hocvuso.db"]
    with open_assistant(fresh, clock=clock, content=content) as assistant:
        assert PLAIN_ODD not in str(all_rows(assistant.database))
        _housekeeping(assistant)
        assert holding(fresh.data_folder, PLAIN_ODD) == []
        assert "giếng Ngọc" in str(all_rows(assistant.database))


def test_the_restore_command_leaves_out_whom_the_replaced_database_had_erased(
    settings: Settings, content: Content, clock: HandClock, tmp_path: Path
):
    from typer.testing import CliRunner

    from bot.main import app

    with open_assistant(settings, clock=clock, content=content) as assistant:
        tell(assistant, ODD, 1)
        tell(assistant, ASK, 1, person="ông Năm")
        clock.forward(days=1)
        _housekeeping(assistant)
        older = tmp_path / "older"
        older.mkdir()
        for path in (settings.data_folder / "backups").iterdir():
            (older / path.name).write_bytes(path.read_bytes())
        erase(assistant, "ba Tư", 2)
    (settings.data_folder / "erasures.log").unlink()  # lost: the database still knows
    (backup,) = backups(older)

    done = CliRunner().invoke(
        app, ["db", "restore", str(backup)], env={"HOCVUSO_DATA_FOLDER": str(settings.data_folder)}
    )

    assert done.exit_code == 0, done.output
    # The backup that lies there still is for the next night to clean.
    assert holding(settings.data_folder, PLAIN_ODD) == [f"backups/{backup.name}"]
    database = open_database(sqlite_url(settings.data_folder / "hocvuso.db"))
    migrate.upgrade(database)
    with database.read() as session:
        assert len(session.scalars(select(Learner)).all()) == 1
        assert len(session.scalars(select(Erasure)).all()) == 1
    database.close()


def test_erasing_reaches_every_table_and_the_way_back(assistant: Assistant, clock: HandClock):
    before = {name: len(found) for name, found in all_rows(assistant.database).items()}
    ask_on_telegram(assistant, ASK, 1)
    ask_on_telegram(assistant, ODD, 2)
    ask_on_telegram(assistant, "xem dữ liệu của tôi", 3)
    ask_on_telegram(assistant, "1", 4)  # a request for a copy
    ask_on_telegram(assistant, "xóa dữ liệu của tôi", 5)
    ask_on_telegram(assistant, "1", 6)
    clock.forward(hours=2)
    _housekeeping(assistant)

    after = {name: len(found) for name, found in all_rows(assistant.database).items()}
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert {name: count for name, count in grown.items() if name not in ("audit", "job_runs")} == {
        "erasures": 1,
        "subject_requests": 1,
    }
    (request,) = rows(assistant, SubjectRequest)
    assert (request.learner_id, request.note) == (None, "")
    assert rows(assistant, ChannelIdentity) == []
