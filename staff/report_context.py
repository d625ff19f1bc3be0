"""What the tags of a report's Word template stand for: texts, lists of texts, and rows of tables."""

from collections.abc import Mapping
from typing import Any

from knowledge.phrases import Phrases
from staff import formats
from staff.period import Period
from staff.plan_words import decimal
from staff.report_figures import ReportFigures, period_of
from staff.report_masking import is_masked
from staff.report_tables import Table, Value, shown
from staff.report_tags import TABLES, WITH_TOTAL, total_tag
from staff.report_words import PARAGRAPHS, ReportWords, recipient_lines
from staff.suppression import Mark, as_text

Context = dict[str, Any]
Values = dict[str, Any]  # for a phrase

# Tag → the paragraphs staff wrote.
_WRITTEN = {"chi_dao": "direction", "kho_khan": "difficulties", "nhiem_vu": "tasks", "kien_nghi": "proposals"}
_TERMS = {  # of definitions that are no figure
    "lagging": "reports.term_lagging",
    "targets": "reports.term_targets",
    "before": "reports.term_before",
    "week": "reports.term_week",
}
_DEFINED = (
    "helped", "learners", "questions", "unanswered", "unlogged", "completions", "calls", "classes",
    "class_people", "attendants", "digital", "lagging", "targets", "before", "week",
)  # fmt: skip


def report_context(
    figures: ReportFigures,
    words: ReportWords,
    tables: Mapping[str, Table],
    phrases: Phrases,
) -> Context:
    """`tables` as they are to be shown: what is masked there is in no sentence either."""
    assert set(PARAGRAPHS) == {"basis", *_WRITTEN.values()}
    period = period_words(period_of(figures), phrases)
    context: Context = {
        "ky_bao_cao": period,
        "co_quan_chu_quan": words.superior,
        "co_quan_ban_hanh": words.issuer,
        "so_ky_hieu": phrases("reports.number", number=words.number),
        "dia_danh": words.place,
        "ngay_ky": _signed_on(figures, words, phrases),
        "trich_yeu": phrases("reports.subject", period=period),
        "mo_dau": [*_lines(words.basis), *opening(figures, phrases)],
        "tom_tat": summary(figures, tables, phrases),
        "ghi_chu_o_nho": note_of(tables, figures, phrases),
        "xom_can_quan_tam": lagging(figures, phrases),
        "thieu_so_lieu": gaps(figures, tables, phrases),
        "noi_nhan": recipient_lines(words.recipients),
        "quyen_han": _lines(words.signer_title),
        "nguoi_ky": words.signer,
        "dinh_nghia": [
            {"ten": term, "nghia": meaning} for term, meaning in definitions(figures, phrases)
        ],
    }  # fmt: skip
    for tag, name in _WRITTEN.items():
        context[tag] = _lines(getattr(words, name)) or [phrases("reports.empty")]
    for key, (tag, columns) in TABLES.items():
        table, names = tables[key], {title: name for name, title, _width in columns}
        context[tag] = [_row(table, names, row, at, phrases) for at, row in enumerate(table.rows, 1)]
        if key in WITH_TOTAL:
            assert table.total is not None
            sums = _row(table, names, table.total, None, phrases)
            context[total_tag(tag)] = sums
    return context


def period_words(period: Period, phrases: Phrases) -> str:
    """'quý IV năm 2026', inside a sentence."""
    if period.choice is None or "W" in period.choice:
        days: Values = {"first": formats.day(period.first), "last": formats.day(period.last)}
        return phrases("reports.period_days", **days)
    year, _, part = period.choice.partition("-")
    if part.startswith("Q"):
        return phrases("reports.period_quarter", number=int(part[1:]), year=year)
    return phrases("reports.period_month", number=int(part), year=year)


def opening(figures: ReportFigures, phrases: Phrases) -> list[str]:
    issuer = phrases("reports.issuer_words", place=figures.place[:1].lower() + figures.place[1:])
    said = phrases(
        "reports.opening",
        issuer=issuer,
        period=period_words(period_of(figures), phrases),
        first=formats.day(figures.first),
        last=formats.day(figures.last),
    )
    if has_ended(figures):
        return [said]
    at = formats.local(figures.calculated_at)
    time, day = f"{at:%H:%M}", formats.day(at.date())
    return [said, phrases("reports.opening_not_ended", time=time, day=day)]


def has_ended(figures: ReportFigures) -> bool:
    """Whether the figures were counted after the last day."""
    return formats.local(figures.calculated_at).date() > figures.last


def summary(figures: ReportFigures, tables: Mapping[str, Table], phrases: Phrases) -> str:
    """One paragraph: what was asked and done, against the period before, and where."""
    value = {line.key: line.now or 0 for line in figures.lines}
    shown_now = dict(zip(value, tables["totals"].column("now"), strict=True))
    said = {key: count_words(shown_now[key], phrases) for key in value}
    period = period_words(period_of(figures), phrases)
    if not value["questions"] and not value["helped"]:
        sentences = [phrases("reports.summary_silent", period=period)]
    else:
        asked: Values = {key: said[key] for key in ("learners", "questions", "helped")}
        sentences = [
            phrases("reports.summary_helped", period=period, **asked),
            *_compared(figures, tables, phrases),
        ]
    if value["unanswered"] and not is_masked(shown_now["unanswered"]):
        percent = decimal(100 * value["unanswered"] / value["questions"])
        sentences.append(phrases("reports.summary_unanswered", count=said["unanswered"], percent=percent))
    if value["completions"]:
        grades = [
            phrases(f"reports.summary_{grade}", count=said[grade])
            for grade in ("grade_self", "grade_quiz", "grade_confirmed")
            if value[grade]
        ]
        sentences.append(
            phrases(
                "reports.summary_done",
                completions=said["completions"],
                grades=", ".join(grades),
                several=len(grades) > 1,
            )
        )
    if value["calls"]:
        minutes = shown_now["reply_minutes"]
        wait = formats.number(minutes) if isinstance(minutes, int) else ""
        called: Values = {"calls": said["calls"], "answered": said["calls_answered"]}
        sentences.append(phrases("reports.summary_calls", wait=wait, **called))
    if value["classes"]:
        taught: Values = {"classes": said["classes"], "people": said["class_people"]}
        sentences.append(phrases("reports.summary_classes", **taught))
    else:
        sentences.append(phrases("reports.summary_no_classes"))
    if value["visits"]:
        sentences.append(phrases("reports.summary_visits", visits=said["visits"]))
    return " ".join([*sentences, *_of_hamlets(figures, tables, phrases)])


def count_words(value: Value, phrases: Phrases) -> str:
    """A count inside a sentence: '1.234', 'dưới 5', 'một số'."""
    if isinstance(value, int):
        return formats.number(value)
    if value == as_text(Mark.HIDDEN):
        return phrases("reports.some_words")
    return phrases("reports.few_words", least=str(value).removeprefix("<"))


def _compared(figures: ReportFigures, tables: Mapping[str, Table], phrases: Phrases) -> list[str]:
    line = figures.line("helped")
    now, before = line.now or 0, line.before or 0
    earlier = period_words(
        Period(figures.first_before, figures.last_before, _choice_before(figures)), phrases
    )
    if not before:
        return [phrases("reports.summary_first", before=earlier)]
    row = next(
        row for row, each in zip(tables["totals"].rows, figures.lines, strict=True) if each.key == "helped"
    )
    if is_masked(row[4]):
        return []  # the difference would tell what is masked
    if now == before:
        return [phrases("reports.summary_same", before=earlier)]
    count, percent = formats.number(abs(now - before)), decimal(100 * abs(now - before) / before)
    if now > before:
        return [phrases("reports.summary_more", before=earlier, count=count, percent=percent)]
    return [phrases("reports.summary_less", before=earlier, count=count, percent=percent)]


def _choice_before(figures: ReportFigures) -> str | None:
    """The name of the period before, where the period is a month or a quarter."""
    if figures.choice is None or "W" in figures.choice:
        return None
    year, number = figures.first_before.year, figures.first_before.month
    return f"{year}-Q{(number + 2) // 3}" if "Q" in figures.choice else f"{year}-{number:02}"


def _of_hamlets(figures: ReportFigures, tables: Mapping[str, Table], phrases: Phrases) -> list[str]:
    helped = tables["hamlets"].column("helped")
    named = [(row, value) for row, value in zip(figures.hamlets, helped, strict=True) if row.name is not None]
    if not named:
        return []
    best, value = max(named, key=lambda each: each[0].helped)
    return [
        phrases(
            "reports.summary_hamlets",
            active=formats.number(sum(bool(row.questions) for row, _value in named)),
            all=formats.number(len(named)),
            best=best.name if best.helped else "",
            count="" if value == as_text(Mark.HIDDEN) else count_words(value, phrases),
        )
    ]


def lagging(figures: ReportFigures, phrases: Phrases) -> list[str]:
    """Hamlets without anything, and those far below the middle one."""
    said = []
    if figures.idle:
        said.append(phrases("reports.idle", names=", ".join(figures.idle)))
    if figures.lagging:
        said.append(phrases("reports.lagging", names=", ".join(figures.lagging)))
    return said or [phrases("reports.lagging_none")]


def gaps(figures: ReportFigures, tables: Mapping[str, Table], phrases: Phrases) -> list[str]:
    """What the figures cannot tell."""
    found, number, said = figures.gaps, formats.number, []
    if found.silent:
        count, names = number(len(found.silent)), ", ".join(found.silent)
        said.append(phrases("reports.gap_silent", count=count, names=names))
    if found.without_class:
        count, names = number(len(found.without_class)), ", ".join(found.without_class)
        said.append(phrases("reports.gap_without_class", count=count, names=names))
    if found.unnamed:  # they are the last row of the hamlets
        unnamed = count_words(tables["hamlets"].column("questions")[-1], phrases)
        said.append(phrases("reports.gap_unnamed", count=unnamed))
    for part, (classes, missing) in found.uncounted.items():
        name = phrases(f"reports.part_{part}")
        said.append(
            phrases("reports.gap_uncounted", part=name, missing=number(missing), classes=number(classes))
        )
    if found.targets:
        said.append(phrases("reports.gap_targets", count=number(found.targets)))
    return [*said, phrases("reports.gap_before")]


def note_of(tables: Mapping[str, Table], figures: ReportFigures, phrases: Phrases) -> str:
    """What the marks in the tables mean."""
    masked = any(is_masked(value) for table in tables.values() for row in table.rows for value in row)
    if not masked:
        return phrases("reports.whole_note")
    return phrases("reports.few_note", least=figures.masked_below, most=figures.masked_below - 1)


def definitions(figures: ReportFigures, phrases: Phrases) -> list[tuple[str, str]]:
    """(term, meaning) of what stands in the tables."""
    days: Values = {"first": formats.day(figures.first_before), "last": formats.day(figures.last_before)}
    return [
        (
            phrases(_TERMS[name]) if name in _TERMS else phrases(f"reports.figure_{name}"),
            phrases(f"reports.definition_{name}", **days),
        )
        for name in _DEFINED
    ]


def _signed_on(figures: ReportFigures, words: ReportWords, phrases: Phrases) -> str:
    """Days below 10 and the months 1 and 2 with a leading 0 (Nghị định 30/2020)."""
    day = words.day()
    if day is None:
        year = formats.local(figures.calculated_at).year
        return phrases("reports.signed_later", year=year)
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return phrases("reports.signed_on", day=f"{day.day:02}", month=month, year=day.year)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


def _row(
    table: Table, names: Mapping[str, str], row: tuple[Value, ...], at: int | None, phrases: Phrases
) -> dict[str, str]:
    """By tag; the row's number where the table has a column for it."""
    cells = {
        names[column]: shown(column, value, phrases) for column, value in zip(table.columns, row, strict=True)
    }
    return {"tt": "" if at is None else str(at), **cells}
