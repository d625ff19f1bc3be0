import threading

from records import audit
from tests.staff.world import World


def test_what_several_people_do_at_the_same_moment_is_all_written_down(world: World):
    names = [f"canbo{number}" for number in range(6)]
    browsers, statuses = [world.signed_in(name) for name in names], []

    def export(browser) -> None:
        statuses.extend(browser.get("/staff/tong-quan.csv").status_code for _ in range(3))

    threads = [threading.Thread(target=export, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 18
    assert sorted(world.audited()) == sorted((f"staff:{name}", "export") for name in names * 3)
    with world.database.read() as session:
        assert audit.first_broken(session, commune_id=world.home.id) is None
