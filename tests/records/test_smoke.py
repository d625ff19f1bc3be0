from records import migrate


def test_both(database):
    assert migrate.current_revision(database) == migrate.head_revision()
