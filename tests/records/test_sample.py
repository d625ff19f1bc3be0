import datetime as dt
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from records.communes import commune_profile, list_communes
from records.database import Database
from records.models import Hamlet
from records.sample import ensure_sample_commune
from tests.conftest import NOW


def test_the_sample_commune_has_eight_hamlets_and_no_desk(database: Database):
    with database.write() as session:
        profile = commune_profile(session, ensure_sample_commune(session, now=NOW))

    assert (profile.slug, profile.name, profile.is_sample) == ("xa-mau", "xã Mẫu", True)
    assert (profile.phone, profile.police_phone) == (None, None)
    assert [(hamlet.slug, hamlet.name, hamlet.aliases) for hamlet in profile.hamlets] == [
        (f"xom-{number}", f"Xóm {number}", (f"thôn {number}", f"x{number}")) for number in range(1, 9)
    ]


def test_the_sample_commune_is_made_once(database: Database):
    with database.write() as session:
        ensure_sample_commune(session, now=NOW)
    with database.write() as session:
        ensure_sample_commune(session, now=NOW + dt.timedelta(days=1))

    with database.read() as session:
        assert [(each.slug, each.created_at) for each in list_communes(session)] == [("xa-mau", NOW)]
        assert session.scalar(select(func.count()).select_from(Hamlet)) == 8


def test_workers_that_start_at_once_make_one_sample_commune(database: Database):
    def start(_: int) -> int:
        with database.write() as session:
            return ensure_sample_commune(session, now=NOW).id

    with ThreadPoolExecutor(4) as workers:
        ids = set(workers.map(start, range(4)))

    with database.read() as session:
        assert [commune.id for commune in list_communes(session)] == list(ids)
        assert session.scalar(select(func.count()).select_from(Hamlet)) == 8
