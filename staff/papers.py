"""What staff print: handouts of guides, booklets for a class, posters of the hamlets.

Making handouts is the assistant's; they come in through a port. Nothing here is about a person.
"""

from typing import Annotated, Literal

from fastapi import Path, Query, Response

from knowledge.guide import TOPICS
from records.communes import CommuneProfile, commune_profile
from records.models import Commune
from staff.access import CurrentUser, StaffUser
from staff.papers_port import Papers
from staff.posters import Poster, poster_pdf
from staff.route import Refused
from staff.site import CurrentSite, Site

HamletId = Annotated[int, Path(ge=1, lt=2**63)]
Sheet = Annotated[Literal["a4", "a3"], Query()]


def show(site: CurrentSite, user: CurrentUser) -> Response:
    profile = _profile(site, user)
    guides = site.library_of(user.commune_id).answerable(site.today()).values()
    topics = [(topic, [guide for guide in guides if guide.topic == topic]) for topic in TOPICS]
    return site.page(
        "papers.html",
        user=user,
        topics=[(topic, found) for topic, found in topics if found],
        paths=list(site.paths.by_slug.values()),
        hamlets=profile.hamlets,
        address=_papers(site).chat_at(profile.slug),
    )


def handout(site: CurrentSite, user: CurrentUser, slug: str) -> Response:
    return _pdf(_papers(site).handout_pdf(_profile(site, user).slug, slug), slug)


def topic_booklet(site: CurrentSite, user: CurrentUser, topic: str) -> Response:
    return _pdf(_papers(site).booklet_of_topic(_profile(site, user).slug, topic), f"so-tay-{topic}")


def path_booklet(site: CurrentSite, user: CurrentUser, path: str) -> Response:
    return _pdf(_papers(site).booklet_of_path(_profile(site, user).slug, path), f"so-tay-{path}")


def poster(site: CurrentSite, user: CurrentUser, hamlet_id: HamletId, kho: Sheet = "a4") -> Response:
    profile = _profile(site, user)
    slugs = [hamlet.slug for hamlet in profile.hamlets if hamlet.id == hamlet_id]
    if not slugs:
        raise Refused(404, "staff.refused_missing")
    return _pdf(_posters(site, profile, slugs, kho), f"ap-phich-{slugs[0]}-{kho}")


def posters(site: CurrentSite, user: CurrentUser, kho: Sheet = "a4") -> Response:
    """Those of all hamlets in one file; of the commune itself where it has none."""
    profile = _profile(site, user)
    slugs = [hamlet.slug for hamlet in profile.hamlets] or [""]
    return _pdf(_posters(site, profile, slugs, kho), f"ap-phich-{profile.slug}-{kho}")


def _posters(site: Site, profile: CommuneProfile, slugs: list[str], sheet: Literal["a4", "a3"]) -> bytes:
    """Refused where the codes would lead nowhere: a poster hangs for months."""
    names = {hamlet.slug: hamlet.name for hamlet in profile.hamlets}
    made = [Poster(names.get(slug, ""), _papers(site).chat_at(profile.slug, hamlet=slug)) for slug in slugs]
    if not all(poster.address for poster in made):
        raise Refused(409, "handout.refused_no_address")
    page: Literal["A4", "A3"] = "A3" if sheet == "a3" else "A4"
    return poster_pdf(made, site.phrases, place=profile.name, phone=profile.phone, page=page)


def _papers(site: Site) -> Papers:
    if site.papers is None:
        raise Refused(404, "staff.refused_missing")
    return site.papers


def _profile(site: Site, user: StaffUser) -> CommuneProfile:
    with site.database.read() as session:
        return commune_profile(session, session.get_one(Commune, user.commune_id))


def _pdf(content: bytes | None, name: str) -> Response:
    if content is None:
        raise Refused(404, "staff.refused_missing")
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)
