"""Communes and their hamlets."""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.models import Commune, Hamlet


@dataclass(frozen=True, slots=True)
class HamletProfile:
    id: int
    slug: str
    name: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommuneProfile:
    """What the conversation needs to know of a commune; a plain value, safe to keep."""

    id: int
    slug: str
    name: str
    kind: str
    region: str
    phone: str | None
    police_phone: str | None
    hours: str | None
    is_sample: bool
    hamlets: tuple[HamletProfile, ...]

    def hamlet(self, slug: str | None) -> HamletProfile | None:
        return next((hamlet for hamlet in self.hamlets if hamlet.slug == slug), None)


def list_communes(session: Session) -> list[Commune]:
    return list(session.scalars(select(Commune).order_by(Commune.created_at, Commune.id)))


def find_commune(session: Session, slug: str) -> Commune | None:
    return session.scalar(select(Commune).where(Commune.slug == slug))


def commune_profile(session: Session, commune: Commune) -> CommuneProfile:
    """Closed hamlets are left out: nobody is asked whether they live there."""
    hamlets = session.scalars(
        select(Hamlet)
        .where(Hamlet.commune_id == commune.id, Hamlet.closed_at.is_(None))
        .order_by(Hamlet.position, Hamlet.id)
    )
    return CommuneProfile(
        id=commune.id,
        slug=commune.slug,
        name=commune.name,
        kind=commune.kind,
        region=commune.region,
        phone=commune.phone,
        police_phone=commune.police_phone,
        hours=commune.hours,
        is_sample=commune.is_sample,
        hamlets=tuple(HamletProfile(h.id, h.slug, h.name, tuple(h.aliases)) for h in hamlets),
    )


def add_commune(
    session: Session,
    *,
    slug: str,
    name: str,
    now: dt.datetime,
    kind: str = "xã",
    province: str | None = None,
    region: str = "bac",
    phone: str | None = None,
    police_phone: str | None = None,
    hours: str | None = None,
    is_sample: bool = False,
) -> Commune:
    commune = Commune(
        slug=slug,
        name=name,
        kind=kind,
        province=province,
        region=region,
        phone=phone,
        police_phone=police_phone,
        hours=hours,
        is_sample=is_sample,
        created_at=now,
    )
    session.add(commune)
    session.flush()
    return commune


def add_hamlet(
    session: Session,
    commune: Commune,
    *,
    slug: str,
    name: str,
    aliases: tuple[str, ...] = (),
    position: int = 0,
) -> Hamlet:
    hamlet = Hamlet(commune_id=commune.id, slug=slug, name=name, aliases=list(aliases), position=position)
    session.add(hamlet)
    session.flush()
    return hamlet


def add_missing_hamlets(session: Session, commune: Commune, hamlets: Mapping[str, tuple[str, ...]]) -> int:
    """Add the hamlets (name → aliases) whose slug is not there yet; returns how many were added."""
    known = set(session.scalars(select(Hamlet.slug).where(Hamlet.commune_id == commune.id)))
    added = 0
    for name, aliases in hamlets.items():
        slug = slug_of(name)
        if slug not in known:
            known.add(slug)
            add_hamlet(session, commune, slug=slug, name=name, aliases=aliases, position=len(known))
            added += 1
    return added


def slug_of(name: str) -> str:
    """ "Xóm Đông 2" → "xom-dong-2": what a link or QR code carries."""
    plain = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    return "-".join(re.findall(r"[a-z0-9]+", letters))
