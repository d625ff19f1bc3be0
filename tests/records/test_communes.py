import datetime as dt

import pytest
from sqlalchemy.exc import IntegrityError

from records.communes import (
    CommuneProfile,
    HamletProfile,
    add_commune,
    add_hamlet,
    commune_profile,
    find_commune,
    list_communes,
)
from records.database import Database
from records.models import Commune
from tests.conftest import NOW


def test_a_profile_is_all_that_is_known_of_a_commune(database: Database):
    with database.write() as session:
        commune = add_commune(
            session,
            slug="tan-cuong",
            name="Tân Cương",
            kind="phường",
            province="Thái Nguyên",
            region="bac",
            phone="0208 1234 567",
            police_phone="113",
            hours="7:30–17:00",
            now=NOW,
        )
        second = add_hamlet(session, commune, slug="go-phao", name="Gò Pháo", position=2)
        first = add_hamlet(
            session, commune, slug="nam-dong", name="Nam Đồng", aliases=("xóm Đồng",), position=1
        )

        profile = commune_profile(session, commune)

        assert profile == CommuneProfile(
            id=commune.id,
            slug="tan-cuong",
            name="Tân Cương",
            kind="phường",
            region="bac",
            phone="0208 1234 567",
            police_phone="113",
            hours="7:30–17:00",
            is_sample=False,
            hamlets=(
                HamletProfile(first.id, "nam-dong", "Nam Đồng", ("xóm Đồng",)),
                HamletProfile(second.id, "go-phao", "Gò Pháo", ()),
            ),
        )


def test_a_profile_outlives_the_unit_of_work(database: Database):
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        hamlet_id = add_hamlet(session, commune, slug="nam-dong", name="Nam Đồng").id
        profile = commune_profile(session, commune)

    assert profile.hamlet("nam-dong") == HamletProfile(hamlet_id, "nam-dong", "Nam Đồng", ())
    assert (profile.hamlet("khong-co"), profile.hamlet(None)) == (None, None)


def test_a_commune_is_found_by_its_slug(database: Database):
    with database.write() as session:
        add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW)

        found = find_commune(session, "dai-tu")

        assert found is not None
        assert found.name == "Đại Từ"
        assert find_commune(session, "khong-co") is None


def test_communes_are_listed_in_the_order_they_came(database: Database):
    with database.write() as session:
        for days, slug in [(2, "ba"), (0, "mot"), (1, "hai")]:
            add_commune(session, slug=slug, name=slug, now=NOW + dt.timedelta(days=days))

        assert [commune.slug for commune in list_communes(session)] == ["mot", "hai", "ba"]


def test_a_slug_belongs_to_one_commune(database: Database):
    with database.write() as session:
        add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)

    with pytest.raises(IntegrityError), database.write() as session:
        add_commune(session, slug="tan-cuong", name="Tân Cương khác", now=NOW)


def test_hamlets_of_two_communes_may_share_a_slug_of_one_not(database: Database):
    with database.write() as session:
        home = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        home_id = home.id
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW)
        add_hamlet(session, home, slug="xom-1", name="Xóm 1")
        add_hamlet(session, other, slug="xom-1", name="Xóm 1")

        assert [len(commune_profile(session, each).hamlets) for each in (home, other)] == [1, 1]

    with pytest.raises(IntegrityError), database.write() as session:
        add_hamlet(session, session.get_one(Commune, home_id), slug="xom-1", name="Xóm Một")
