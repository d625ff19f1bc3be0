"""A report, for tests that go through all pages."""

from knowledge.lessons import Paths
from knowledge.phrases import load_phrases
from records.communes import CommuneProfile
from staff.period import quarter
from staff.report_making import Place, ReportMaker
from tests.staff.world import World


def has_report(world: World, words: str, *, commune: CommuneProfile | None = None) -> int:
    """A draft about the last quarter of 2026, its figures counted, `words` in it; returns its id."""
    place = Place((commune or world.home).id, f"Xã {words}", False)
    maker = ReportMaker(
        world.database, load_phrases(), lambda _commune_id: world.library, Paths(), world.clock
    )
    report_id = maker.open(place, quarter(2026, 4), by="staff:lan")
    maker.build(place, report_id, quarter(2026, 4))
    return report_id
