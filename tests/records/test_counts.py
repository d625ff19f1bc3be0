import datetime as dt
import random

from records.counts import count_learners
from records.database import Database
from records.desk_counts import desk_total
from tests.records.desk_world import FIRST, LAST, add_place, midnight


def test_different_learners_are_those_of_the_desks_figures(database: Database):
    with database.write() as session:
        home, other = (add_place(session, slug, random.Random(5)) for slug in ("tan-cuong", "dai-tu"))

        for place, (first, last) in ((home, (FIRST, LAST)), (other, (FIRST, FIRST + dt.timedelta(days=20)))):
            period = {"commune_id": place.id, "start": midnight(first), "end": midnight(last)}
            found = count_learners(session, **period)

            assert found == desk_total(session, **period).counts.learners > 5
