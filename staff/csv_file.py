"""Tables as CSV files that spreadsheets open rightly and that cannot run anything there."""

import csv
import io
from collections.abc import Iterable, Sequence

from fastapi import Response

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[str | int]]) -> Response:
    """A file to be saved as `name` (ASCII)."""
    return Response(
        csv_text(header, rows).encode("utf-8-sig"),  # without the mark Excel takes it for another encoding
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """As RFC 4180 says: commas, CRLF, quotes doubled."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return file.getvalue()


def _safe(cell: str | int) -> str | int:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell
