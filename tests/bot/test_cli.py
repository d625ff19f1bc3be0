"""The command line."""

import json
from pathlib import Path

import pytest

from records.volunteers import read_code
from tests.bot.command import Typed, typed
from tests.bot.serving import environment, serving

CONTRACT = [
    "id",
    "outcome",
    "guide",
    "candidates",
    "passages",
    "urgent",
    "scam",
    "secrets",
    "redacted",
    "reply",
]


def hocvuso(*arguments: str, folder: Path, text: str | None = None, code: int = 0, **settings: str) -> Typed:
    done = typed(*arguments, environment=environment(folder, **settings), text=text)
    assert done.exit_code == code, done.output
    return done


def test_a_question_is_answered_as_the_contract_says(tmp_path: Path):
    (line,) = hocvuso("ask", "quen mat khau vneid lam sao", "--json", folder=tmp_path).stdout.splitlines()

    answer = json.loads(line)
    assert list(answer) == CONTRACT
    assert (answer["outcome"], answer["guide"], answer["urgent"], answer["scam"]) == (
        "guide",
        "vneid-quen-mat-khau",
        False,
        None,
    )
    assert answer["candidates"][0]["guide"] == "vneid-quen-mat-khau"
    assert len(answer["candidates"]) == 5
    assert answer["reply"][1].startswith("Bước 1/7.")


def test_a_batch_is_answered_line_by_line_and_nothing_is_recorded(tmp_path: Path):
    batch = tmp_path / "batch.jsonl"
    rows = [
        {"id": "a", "q": "quên mật khẩu vneid"},
        {"id": "b", "q": "chào cháu"},
        {"id": "c", "q": "cccd 042155000731 của bác", "commune": "xa-mau"},
        {"id": "d", "q": ""},
    ]
    batch.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")

    done = hocvuso("ask", "--batch", str(batch), "--json", folder=tmp_path / "data")

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == ["a", "b", "c", "d"]
    assert [answer["outcome"] for answer in answers][:2] == ["guide", "smalltalk"]
    assert answers[2]["secrets"] == [{"kind": "cccd", "text": "042155000731"}]
    assert answers[2]["redacted"] == "cccd ‹cccd› của bác"
    assert not (tmp_path / "data").exists()


def test_a_broken_line_of_a_batch_is_named(tmp_path: Path):
    done = hocvuso(
        "ask", "--batch", "-", "--json", folder=tmp_path, text='{"id": 1, "q": "a"}\n{"id": 2}\n', code=1
    )

    assert "-:2: found '{\"id\": 2}', expected an object with 'id' and 'q'" in done.stderr


def test_a_misspelt_setting_value_is_refused_with_its_name(tmp_path: Path):
    done = hocvuso("ask", "a", folder=tmp_path, code=1, HOCVUSO_THRESHOLD="55")

    assert done.stderr.startswith("HOCVUSO_THRESHOLD: found '55', expected")


def test_the_index_is_built_and_its_size_said(tmp_path: Path):
    assert hocvuso("index", "build", folder=tmp_path).stdout.startswith("101 guides, ")


def test_the_shipped_model_knows_the_content_as_it_is(tmp_path: Path):
    status = json.loads(hocvuso("index", "status", "--json", folder=tmp_path).stdout)

    assert status["trained_on_this_content"] is True
    assert status["model_bytes"] <= 12_000_000


def test_evaluation_prints_shares_for_each_style(tmp_path: Path):
    file = tmp_path / "some.jsonl"
    file.write_text(
        '{"id": "1", "q": "quên mật khẩu vneid", "slugs": ["vneid-quen-mat-khau"], "style": "plain"}\n'
        '{"id": "2", "q": "giá vàng hôm nay", "slugs": [], "style": "oos"}\n',
        encoding="utf-8",
    )

    report = json.loads(hocvuso("evaluate", str(file), "--json", folder=tmp_path).stdout)

    assert (report["in_scope"]["count"], report["in_scope"]["success_at_1"]) == (1, 1.0)
    assert report["out_of_scope"]["count"] == 1


def test_a_database_is_upgraded_backed_up_checked_and_restored(tmp_path: Path):
    hocvuso("db", "upgrade", folder=tmp_path)
    hocvuso("commune", "set", "xa-thu", "--name", "xã Thử", folder=tmp_path)
    hocvuso("staff", "add", "lan", "--commune", "xa-thu", folder=tmp_path)
    backup = hocvuso("db", "backup", folder=tmp_path).stdout.strip()
    (tmp_path / "hocvuso.db").unlink()

    assert hocvuso("db", "restore", backup, "--check", folder=tmp_path).stdout.startswith("whole: ")
    assert hocvuso("db", "restore", backup, folder=tmp_path).stdout.startswith("restored: ")
    again = hocvuso("staff", "add", "lan", "--commune", "xa-thu", folder=tmp_path, code=1)
    assert "expected a new name" in again.stderr


def test_a_commune_is_made_changed_and_listed(tmp_path: Path):
    hocvuso(
        "commune",
        "set",
        "kien-minh",
        "--name",
        "xã Kiến Minh",
        "--hamlet",
        "Thôn Đông=xóm Đông",
        folder=tmp_path,
    )
    hocvuso(
        "commune", "set", "kien-minh", "--phone", "0225 000 111", "--hamlet", "Thôn Đông", folder=tmp_path
    )

    assert hocvuso("commune", "list", folder=tmp_path).stdout == "kien-minh\txã Kiến Minh\t1 hamlets\n"
    assert "expected --name" in hocvuso("commune", "set", "xa-la", folder=tmp_path, code=1).stderr


def test_a_commune_that_is_not_here_is_named_before_anything_is_served(tmp_path: Path):
    done = hocvuso("serve", folder=tmp_path, code=1, HOCVUSO_COMMUNE="xa-la")

    assert done.stderr.strip().splitlines()[-1] == (
        "HOCVUSO_COMMUNE: found 'xa-la', expected the slug of a commune that is here"
    )


def test_a_second_server_on_one_data_folder_is_refused(tmp_path: Path):
    with serving(tmp_path):
        done = hocvuso("serve", folder=tmp_path, code=1)

    assert done.stderr.startswith(f"found another server on the data folder {tmp_path}, expected none")


def test_serving_never_imports_torch_and_says_both_addresses(tmp_path: Path):
    with serving(tmp_path) as server:
        maps = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="utf-8")

    assert "/torch/" not in maps
    assert [line.split()[0] for line in server.printed] == ["ready", "web", "staff", "first", "serving"]


@pytest.mark.parametrize(
    "command", [[], ["ask"], ["knowledge"], ["index"], ["db"], ["staff"], ["commune"], ["serve"]]
)
def test_help_says_what_each_command_does(tmp_path: Path, command: list[str]):
    assert "Usage:" in hocvuso(*command, "--help", folder=tmp_path).stdout


def test_broken_content_is_named_before_anything_is_served(tmp_path: Path):
    content = tmp_path / "content"
    (content / "guides").mkdir(parents=True)
    (content / "guides" / "kn-wifi.md").write_text("Mở Cài đặt\n", encoding="utf-8")

    done = hocvuso("serve", folder=tmp_path / "data", code=1, HOCVUSO_CONTENT_FOLDER=str(content))

    assert done.stderr.strip() == (
        f"{content}/guides/kn-wifi.md:1: found 'Mở Cài đặt', expected '---' and the front matter"
    )


def test_a_volunteer_is_invited_with_a_code_that_is_printed(tmp_path: Path):
    code = hocvuso("volunteer", "invite", "Cô Hoa", "--hamlet", "xom-3", folder=tmp_path).stdout.strip()
    refused = hocvuso("volunteer", "invite", "Cô Hoa", "--hamlet", "xom-99", folder=tmp_path, code=1)
    nowhere = hocvuso("volunteer", "invite", "Cô Hoa", "--commune", "xa-la", folder=tmp_path, code=1)

    assert read_code(code) == code.replace("-", "")
    assert refused.stderr.startswith("found hamlet 'xom-99', expected one of xom-1, ")
    assert nowhere.stderr == "found commune 'xa-la', expected one that is here\n"
