"""The commune's hamlets: names, order, numbers; closing one, joining a double, deleting an empty one."""

import datetime as dt
from typing import Annotated

from fastapi import Form, Path, Query, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from records import hamlets
from records.communes import slug_of
from records.models import Hamlet
from staff.access import CurrentUser, FormText, StaffUser
from staff.audit_log import note
from staff.fields import typed, typed_count
from staff.route import Refused
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/xom"
MAX_NAME, MAX_NOTE, MAX_ALIASES = 60, 500, 20

HamletId = Annotated[int, Path(ge=1, lt=2**63)]


def show(site: CurrentSite, user: CurrentUser) -> Response:
    with site.database.read() as session:
        listed = hamlets.list_hamlets(session, commune_id=user.commune_id)
        session.expunge_all()
    return site.page(
        "hamlets.html",
        user=user,
        hamlets=listed,
        population=sum(each.population or 0 for each in listed if each.closed_at is None),
        households=sum(each.households or 0 for each in listed if each.closed_at is None),
        limits={"name": MAX_NAME, "note": MAX_NOTE},
    )


def add(
    site: CurrentSite,
    user: CurrentUser,
    name: FormText = "",
    aliases: FormText = "",
    population: FormText = "",
    households: FormText = "",
) -> Response:
    shown = _name(site, name)
    with site.database.write() as session:
        try:
            hamlet = hamlets.new_hamlet(
                session,
                commune_id=user.commune_id,
                name=shown,
                aliases=_aliases(site, aliases),
                population=typed_count(population),
                households=typed_count(households),
            )
        except hamlets.HamletTaken as error:
            raise Refused(409, "lists.refused_hamlet_taken") from error
        except ValueError as error:
            raise Refused(400, "lists.refused_name") from error
        _note(session, user, "hamlet_added", hamlet, site.clock())
    return RedirectResponse(PATH, 303)


def show_one(site: CurrentSite, user: CurrentUser, hamlet_id: HamletId) -> Response:
    with site.database.read() as session:
        hamlet = _find(session, user, hamlet_id)
        counted = hamlets.counted_for(session, hamlet)
        session.expunge_all()
    return site.page(
        "hamlet.html",
        user=user,
        hamlet=hamlet,
        counted=counted,
        limits={"name": MAX_NAME, "note": MAX_NOTE},
    )


def change(
    site: CurrentSite,
    user: CurrentUser,
    hamlet_id: HamletId,
    name: FormText = "",
    aliases: FormText = "",
    population: FormText = "",
    households: FormText = "",
    noted: FormText = "",
) -> Response:
    """The slug stays: it stands on printed QR codes."""
    new = {
        "name": _name(site, name),
        "aliases": _aliases(site, aliases),
        "population": typed_count(population),
        "households": typed_count(households),
        "note": typed(site, noted, limit=MAX_NOTE) or None,
    }
    with site.database.write() as session:
        hamlet = _find(session, user, hamlet_id, is_changed=True)
        others = [h for h in hamlets.list_hamlets(session, commune_id=user.commune_id) if h.id != hamlet.id]
        if slug_of(str(new["name"])) in {slug_of(other.name) for other in others}:
            raise Refused(409, "lists.refused_hamlet_taken")
        was = {field: getattr(hamlet, field) for field in new if getattr(hamlet, field) != new[field]}
        for field, value in new.items():
            setattr(hamlet, field, value)
        if was:
            _note(session, user, "hamlet_changed", hamlet, site.clock(), was=was)
    return RedirectResponse(f"{PATH}/{hamlet_id}", 303)


def move(site: CurrentSite, user: CurrentUser, hamlet_id: HamletId, to: FormText = "") -> Response:
    if to not in ("up", "down"):
        raise Refused(400, "staff.refused_request")
    with site.database.write() as session:
        hamlets.move(session, _find(session, user, hamlet_id, is_changed=True), -1 if to == "up" else 1)
    return RedirectResponse(PATH, 303)


def switch(site: CurrentSite, user: CurrentUser, hamlet_id: HamletId, what: FormText = "") -> Response:
    """Close it, open it again, or delete it when nothing counts for it."""
    now = site.clock()
    with site.database.write() as session:
        hamlet = _find(session, user, hamlet_id, is_changed=True)
        match what:
            case "close" | "open":
                hamlets.close(session, hamlet, now if what == "close" else None)
            case "delete":
                try:
                    hamlets.remove(session, hamlet)
                except hamlets.StillCounted as error:
                    raise Refused(409, "lists.refused_still_counted") from error
            case _:
                raise Refused(400, "staff.refused_request")
        _note(session, user, f"hamlet_{what}", hamlet, now, name=hamlet.name)
    return RedirectResponse(PATH if what == "delete" else f"{PATH}/{hamlet_id}", 303)


def ask_merge(
    site: CurrentSite,
    user: CurrentUser,
    hamlet_id: HamletId,
    vao: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """Which one it is joined to, and once that is chosen, a look at what would happen."""
    with site.database.read() as session:
        source = _find(session, user, hamlet_id)
        into = _other(session, user, source, vao) if vao else None
        counted = hamlets.counted_for(session, source)
        others = [
            each
            for each in hamlets.list_hamlets(session, commune_id=user.commune_id)
            if each.id != hamlet_id and each.closed_at is None
        ]
        session.expunge_all()
    return site.page("hamlet_merge.html", user=user, source=source, into=into, counted=counted, others=others)


def merge(
    site: CurrentSite,
    user: CurrentUser,
    hamlet_id: HamletId,
    into: Annotated[int, Form(ge=1, lt=2**63)],
) -> Response:
    """`into` is the id of the one that stays."""
    with site.database.write() as session:
        source = _find(session, user, hamlet_id, is_changed=True)
        target = _other(session, user, source, into, is_changed=True)
        gone = {"name": source.name, "slug": source.slug}
        moved = hamlets.merge(session, source=source, into=target)
        _note(session, user, "hamlet_merged", target, site.clock(), gone=gone, moved=moved)
    return RedirectResponse(f"{PATH}/{into}", 303)


def _other(
    session: Session, user: StaffUser, source: Hamlet, hamlet_id: int, *, is_changed: bool = False
) -> Hamlet:
    """The one that stays when `source` goes."""
    found = session.get(Hamlet, (user.commune_id, hamlet_id), with_for_update=is_changed)
    if found is None or found is source:
        raise Refused(400, "lists.refused_merge_itself")
    return found


def _find(session: Session, user: StaffUser, hamlet_id: int, *, is_changed: bool = False) -> Hamlet:
    hamlet = session.get(Hamlet, (user.commune_id, hamlet_id), with_for_update=is_changed)
    if hamlet is None:
        raise Refused(404, "staff.refused_missing")
    return hamlet


def _name(site: Site, text: str) -> str:
    name = " ".join(typed(site, text, limit=MAX_NAME).split())
    if not slug_of(name):
        raise Refused(400, "lists.refused_name")
    return name


def _aliases(site: Site, text: str) -> list[str]:
    """Other names, with commas between."""
    names = (" ".join(part.split()) for part in typed(site, text).split(","))
    return [name[:MAX_NAME] for name in names if name][:MAX_ALIASES]


def _note(
    session: Session, user: StaffUser, action: str, hamlet: Hamlet, now: dt.datetime, **detail: object
) -> None:
    note(
        session,
        commune_id=user.commune_id,
        actor=user.actor,
        action=action,
        now=now,
        hamlet=hamlet.slug,
        **detail,
    )
