"""Numbers that are secrets, said in words or in words and digits."""

from collections.abc import Iterator

from handlers.secret import Secret
from handlers.secret_context import CODES, LEAST_SURE, MONEY, UNIT, kind_of
from handlers.secret_words import Spoken, find_runs


def find_spoken(text: str, folded: str) -> Iterator[Secret]:
    for run in find_runs(text):
        after = folded[run.end : run.end + 14]
        if (run.has_tens or run.count < LEAST_SURE) and (
            UNIT.match(after) or MONEY.match(text[run.end :][:14])
        ):
            continue
        kind = _spoken_kind(run, kind_of(folded, run.start, run.end, run.count))
        if kind:
            yield Secret(kind, text[run.start : run.end], run.start)


def _spoken_kind(run: Spoken, kind: str | None) -> str | None:
    if run.has_groups and (run.words < 2 or (run.words < 3 and kind not in CODES)):
        return None
    if kind == "cvv" or (kind in CODES and run.count >= 4):
        return kind
    if run.is_counting:
        return None
    if run.has_tens or run.has_groups:
        if run.count < (8 if kind == "account" else 9 - run.has_tens):
            return None
        return kind or ("phone" if run.count in (10, 11) else None)
    if run.count < LEAST_SURE:
        return None
    return kind or ("phone" if run.count in (10, 11) else "digits")
