"""`hocvuso demo`."""

from pathlib import Path

from staff.roles import ROLES
from tests.bot.test_cli import hocvuso


def test_a_made_up_year_comes_with_a_link_for_each_role_and_is_made_once(tmp_path: Path):
    small = ("demo", "--learners", "12", "--questions", "40", "--hamlets", "3", "--until", "2026-11-20")

    lines = hocvuso(*small, folder=tmp_path).stdout.splitlines()
    again = hocvuso(*small, folder=tmp_path, code=1)

    assert lines[0] == "made up: 1 communes, 3 hamlets, 12 people, 40 questions"
    links = dict(line.split("\t") for line in lines[1:])
    assert list(links) == [f"mau-{role}" for role in ROLES]
    assert all("/staff/moi/" in link for link in links.values())
    assert "found residents, expected a database that nobody uses" in again.output
    assert "xa-mau\txã Mẫu\t3 hamlets" in hocvuso("commune", "list", folder=tmp_path).stdout
    plans = hocvuso("knowledge", "plans", "--commune", "xa-mau", folder=tmp_path).stdout
    assert plans == "1\tapproved\tke-hoach-mau.txt\tKế hoạch “Bình dân học vụ số” xã Mẫu năm 2026\n"


def test_a_year_that_is_not_over_is_refused(tmp_path: Path):
    done = hocvuso("demo", "--until", "2126-01-01", folder=tmp_path, code=1)

    assert done.output == "found --until 2126-01-01, expected today or a day before\n"
