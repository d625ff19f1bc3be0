"""What the overview and its lists count: a period, a hamlet, a channel and a group, from the address."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends
from sqlalchemy import select
from sqlalchemy.orm import Session

from records.desk_counts import NO_GROUP, NOT_NAMED, Filters
from records.models import Conversation, Hamlet, Learner
from staff.access import CurrentUser
from staff.period import Choice, Period, choose_period, month_choices, quarter_choices, week_choices
from staff.route import Refused
from staff.site import CurrentSite, Site

NONE = "-"  # stands for 'not named' and 'no group chosen' in addresses


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    name: str


@dataclass(frozen=True, slots=True)
class Options:
    """What may be chosen."""

    weeks: list[Choice]
    months: list[Choice]
    quarters: list[Choice]
    hamlets: list[Option]
    channels: list[Option]
    groups: list[Option]


@dataclass(frozen=True, slots=True)
class Desk:
    """The choice, and what else there was to choose."""

    period: Period
    filters: Filters
    chosen: dict[str, str]  # xom, kenh, nhom: only those that are set
    options: Options
    slugs: dict[int | None, str]  # hamlet (None: not named) → its name in addresses

    def query(self, **more: str | int | None) -> str:
        """An address with this choice and `more`; None takes a part of it out."""
        parts: dict[str, str | int | None] = {**self.chosen, **more}
        kept = {name.replace("_", "-"): value for name, value in parts.items() if value is not None}
        return "&".join(filter(None, (self.period.query, urlencode(kept))))

    def of_hamlet(self, hamlet_id: int | None, **more: str | int | None) -> str:
        return self.query(xom=self.slugs[hamlet_id], **more)

    @property
    def names(self) -> list[str]:
        """The filters in words, for the head of what is printed."""
        offered = {"xom": self.options.hamlets, "kenh": self.options.channels, "nhom": self.options.groups}
        return [
            option.name
            for name, value in self.chosen.items()
            for option in offered[name]
            if option.value == value
        ]


def _chosen_desk(
    site: CurrentSite,
    user: CurrentUser,
    ky: str = "",
    tu: str = "",
    den: str = "",
    cu: str = "",
    xom: str = "",
    kenh: str = "",
    nhom: str = "",
) -> Desk:
    """`cu` is the named period the form was opened with: who types days meant these, unless they
    chose another name too."""
    try:
        is_days = bool(tu or den) and ky == cu
        period = choose_period(ky="" if is_days else ky, tu=tu, den=den, today=site.today())
    except ValueError as error:
        raise Refused(400, "staff.refused_period") from error
    with site.database.read() as session:
        hamlets = _hamlets(session, user.commune_id)
        options = _options(site, session, user.commune_id, hamlets)
    chosen = {name: value for name, value in (("xom", xom), ("kenh", kenh), ("nhom", nhom)) if value}
    offered = {"xom": options.hamlets, "kenh": options.channels, "nhom": options.groups}
    for name, value in chosen.items():
        if value not in [option.value for option in offered[name]]:
            raise Refused(400, "desk.refused_filter")
    ids = {slug: id_ for id_, slug, _name in hamlets} | {NONE: NOT_NAMED}
    filters = Filters(
        hamlet_id=ids[xom] if xom else None,
        channel=kenh or None,
        group=(NO_GROUP if nhom == NONE else nhom) if nhom else None,
    )
    slugs: dict[int | None, str] = {id_: slug for id_, slug, _name in hamlets}
    return Desk(period, filters, chosen, options, {**slugs, None: NONE})


ChosenDesk = Annotated[Desk, Depends(_chosen_desk)]


def _hamlets(session: Session, commune_id: int) -> list[tuple[int, str, str]]:
    rows = session.execute(
        select(Hamlet.id, Hamlet.slug, Hamlet.name)
        .where(Hamlet.commune_id == commune_id)
        .order_by(Hamlet.position, Hamlet.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _options(site: Site, session: Session, commune_id: int, hamlets: list[tuple[int, str, str]]) -> Options:
    t, today = site.phrases, site.today()
    channels = session.scalars(
        select(Conversation.channel).where(Conversation.commune_id == commune_id).distinct()
    )
    groups = session.scalars(select(Learner.group).where(Learner.commune_id == commune_id).distinct())
    names = {slug: path.name for slug, path in site.paths.by_slug.items()}
    return Options(
        week_choices(today),
        month_choices(today),
        quarter_choices(today),
        [*(Option(slug, name) for _id, slug, name in hamlets), Option(NONE, t("staff.hamlet_unnamed"))],
        [Option(channel, channel_name(site, channel)) for channel in sorted(channels)],
        [
            *(Option(group, names.get(group, group)) for group in sorted(filter(None, groups))),
            Option(NONE, t("desk.group_none")),
        ],
    )


def channel_name(site: Site, channel: str) -> str:
    key = f"desk.channel_{channel.replace('-', '_')}"
    return site.phrases(key) if key in site.phrases else channel
