"""The desk for personal data: what people asked, what went wrong, what the night's jobs did."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from records.breaches import is_late, list_breaches, notice_due
from records.erasure import latest_erasures
from records.jobs import latest_runs
from records.models import Breach, Erasure, JobRun, SubjectRequest
from records.requests import OPEN, Clock, clock, list_requests
from staff.access import CurrentUser
from staff.site import CurrentSite


@dataclass(frozen=True, slots=True)
class Asked:
    request: SubjectRequest
    clock: Clock
    is_open: bool


@dataclass(frozen=True, slots=True)
class Incident:
    breach: Breach
    notice_due: dt.datetime
    is_late: bool


def show(site: CurrentSite, user: CurrentUser) -> Response:
    now, today = site.clock(), site.today()
    with site.database.read() as session:
        asked = [
            Asked(each, clock(each, today=today, days_off=site.days_off), each.state in OPEN)
            for each in list_requests(session, commune_id=user.commune_id)
        ]
        incidents = [
            Incident(each, notice_due(each), is_late(each, now=now))
            for each in list_breaches(session, commune_id=user.commune_id)
        ]
        erasures: list[Erasure] = latest_erasures(session, commune_id=user.commune_id)
        runs: list[JobRun] = latest_runs(session, commune_id=user.commune_id)
    return site.page(
        "data_desk.html",
        user=user,
        asked=asked,
        late=sum(each.is_open and (each.clock.is_answer_late or each.clock.is_late) for each in asked),
        incidents=incidents,
        erasures=erasures,
        runs=[(run, report_lines(run.report)) for run in runs],
    )


def report_lines(report: dict[str, Any]) -> list[tuple[str, str]]:
    """(what, how much) of a night's report, without what came to nothing."""
    return [(name, str(value)) for name, value in report.items() if value not in (0, None, "")]
