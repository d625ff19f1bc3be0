"""The head of a plan: who issued it, its number, date, subject, legal bases, signer and recipients.

What a document leaves blank ("Số:      /KH-UBND") stays None: nobody should be told a number that is
not there. A part of a document may lack its letterhead; then the running text says who plans what.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.plan_lines import UPPER, Line, fold, is_upper, squeeze

HeadKind = Literal["head", "basis", "recipients", "signature"]

_KINDS = "xã|phường|thị trấn|đặc khu|huyện|quận|thị xã|thành phố|tỉnh"
_NAME = rf"[{UPPER}]\w*(?: [{UPPER}]\w*){{0,3}}"
_PLACE = re.compile(rf"\b(xã|phường|thị trấn|đặc khu|huyện) ({_NAME})")
_BODY = r"Ủy ban nhân dân|Uỷ ban nhân dân|UBND|Ban Thường vụ Đảng ủy|Đảng ủy|Đảng uỷ"
_ACTS = re.compile(rf"({_BODY}) ({_KINDS})(?: ({_NAME}))?,? (?:xây dựng|ban hành|lập)\b")
_NUMBER = re.compile(r"Số\s*:?\s*(\d{1,5})?\s*[-/–]\s*([A-ZĐ]{2,4}\s*[-/–]\s*[A-ZĐa-z&]{2,12})")
_DATE = re.compile(r"ngày\s*(\d{1,2})?\s*[./…\s]*tháng\s*(\d{1,2})?\s*[./…\s]*năm\s*(20\d\d)")
_ATTACHED = re.compile(
    r"\(Kèm theo [^)]*?ngày\s*(?:(\d{1,2})\s*)?/?\s*(\d{1,2})\s*/\s*(20\d\d)", re.IGNORECASE
)
_MOTTO = re.compile(
    r"CỘNG HO[ÀÒ]A? XÃ HỘI CHỦ NGHĨA VIỆT NAM|CỘNG HÒA XÃ HỘI.*|Độc lập\s*[-–].*|ĐẢNG CỘNG SẢN VIỆT NAM"
)
_TITLE = re.compile(r"KẾ HOẠCH|QUYẾT ĐỊNH|CHƯƠNG TRÌNH|ĐỀ ÁN|PHƯƠNG ÁN|CHỈ THỊ|THÔNG BÁO")
_OPENING = re.compile(r"(?:Căn cứ|Thực hiện|Nhằm|Để|Xét|Theo) ")
_RANK = re.compile(r"(?:TM|KT|TL|TUQ|Q)\s*\.|T/M\b")
_POST = re.compile(r"(?:PHÓ )?(?:CHỦ TỊCH|BÍ THƯ|CHÁNH VĂN PHÒNG|TRƯỞNG PHÒNG|GIÁM ĐỐC|TRƯỞNG BAN)\b.*")
_PERSON = re.compile(rf"{_NAME}(?: {_NAME})?")


@dataclass(frozen=True, slots=True)
class PlanHead:
    issuer: str | None  # "Ủy ban nhân dân xã Kiến Minh"
    kind: str | None  # of the commune: "xã", "phường", …
    commune: str | None  # its name without the kind
    number: str | None  # "46/KH-UBND"; None where the document leaves it blank
    date: str | None  # as exact as the document gives it: 2026, 2026-05, 2026-05-15
    subject: str | None
    bases: tuple[str, ...]  # what it is founded on, a sentence each
    signer: str | None
    signer_post: str | None  # "KT. Chủ tịch, Phó Chủ tịch"
    recipients: tuple[str, ...]

    @property
    def title(self) -> str | None:
        return f"Kế hoạch {self.subject[:1].lower()}{self.subject[1:]}" if self.subject else None


@dataclass(frozen=True, slots=True)
class CommuneName:
    """What a plan's head tells of its commune, enough to make one that is not known yet."""

    slug: str
    name: str
    kind: str


def commune_of(head: PlanHead) -> CommuneName | None:
    """None where the document does not name the commune."""
    if not head.commune or not head.kind:
        return None
    return CommuneName(fold(head.commune).replace(" ", "-"), head.commune, head.kind)


def read_head(front: Sequence[Line], tail: Sequence[Line], lines: Sequence[str]) -> PlanHead:
    """`front` is what stands before the first part, `tail` what follows the last, `lines` is all of it."""
    text = squeeze(" ".join(lines))
    pieces = list(_pieces(front))
    opening = next((n for n, piece in enumerate(pieces) if n and _OPENING.match(piece)), len(pieces))
    opening = 0 if pieces and _OPENING.match(pieces[0]) else opening
    kind, commune = _commune(pieces[:opening], lines)
    signer, post = _signature(tail)
    return PlanHead(
        issuer=_issuer([*pieces[:opening], *_signing_body(tail)], text, kind, commune),
        kind=kind,
        commune=commune,
        number=_number(pieces),
        date=_date(pieces, text),
        subject=_subject(pieces[:opening], text),
        bases=tuple(_bases(pieces[opening:])),
        signer=signer,
        signer_post=post,
        recipients=tuple(_recipients(tail)),
    )


def head_passages(head: PlanHead) -> Iterator[tuple[str, str, HeadKind]]:
    """The head as passages: (locator, text, kind). What the document leaves blank is left out."""
    says = [
        f"{head.title}" if head.title else "",
        f"Cơ quan ban hành: {head.issuer}" if head.issuer else "",
        f"Số kế hoạch: {head.number}" if head.number else "",
        f"Ngày ban hành: {_spoken_date(head.date)}" if head.date else "",
    ]
    if any(says):
        yield "Đầu văn bản", ". ".join(part.rstrip(".") for part in says if part) + ".", "head"
    for number, basis in enumerate(head.bases, 1):
        yield f"Căn cứ {number}" if len(head.bases) > 1 else "Căn cứ", basis, "basis"
    if head.signer:
        yield "Cuối văn bản", f"Người ký: {head.signer}, {head.signer_post or 'người ký'}.", "signature"
    if head.recipients:
        yield "Nơi nhận", f"Nơi nhận: {'; '.join(head.recipients)}.", "recipients"


def _spoken_date(date: str) -> str:
    """ "2026-05" → "tháng 5 năm 2026"."""
    words = [
        f"{name} {int(part)}" for name, part in zip(("năm", "tháng", "ngày"), date.split("-"), strict=False)
    ]
    return " ".join(reversed(words))


def _pieces(front: Sequence[Line]) -> Iterator[str]:
    """The lines, columns of the letterhead apart; a sentence of several lines in one piece."""
    piece = ""
    for line in front:
        parts = [cell for cell in line.cells if cell] or [line.text]
        for part in parts:
            joins = piece and not is_upper(piece) and not _starts_piece(part, piece)
            if not joins and piece:
                yield piece
            piece = squeeze(f"{piece} {part}") if joins else part
    if piece:
        yield piece


def _starts_piece(text: str, before: str) -> bool:
    if (
        is_upper(text)
        or _MOTTO.match(text)
        or _NUMBER.match(text)
        or _MOTTO.match(before)
        or _NUMBER.match(before)
    ):
        return True
    if _OPENING.match(text) and (before.endswith((";", ".", ":")) or not _OPENING.match(before)):
        return True
    return before.endswith((";", ".")) and text[:1].isupper()


def _commune(letterhead: Sequence[str], lines: Sequence[str]) -> tuple[str | None, str | None]:
    for piece in letterhead:
        if _MOTTO.search(piece):
            continue  # "xã hội chủ nghĩa" names no commune
        if is_upper(piece) and (match := re.search(rf"\b({_KINDS})\s+([^.,;]+)$", piece, re.IGNORECASE)):
            named = match[2].strip()
            if match[1].lower() != "tỉnh" and not _MOTTO.match(named):
                return match[1].lower(), named.title()
    # Line by line: a name at the end of a line would else take in the capital of the next sentence.
    places = Counter((match[1], match[2]) for line in lines for match in _PLACE.finditer(line))
    if places:
        (kind, name), _count = places.most_common(1)[0]
        return kind, name
    kinds = Counter(
        match[1] for match in re.finditer(r"\b(xã|phường|thị trấn|đặc khu|huyện)\b(?! hội)", " ".join(lines))
    )
    return (kinds.most_common(1)[0][0], None) if kinds else (None, None)


def _issuer(letterhead: Sequence[str], text: str, kind: str | None, commune: str | None) -> str | None:
    upper = [
        piece
        for piece in letterhead
        if is_upper(piece) and not _MOTTO.match(piece) and not _TITLE.match(piece)
    ]
    body = next(
        (piece for piece in upper if fold(piece).startswith(("uy ban", "ubnd", "dang uy", "ban chap hanh"))),
        None,
    )
    match = _ACTS.search(text)
    if body:
        name = "Đảng ủy" if fold(body).startswith("dang uy") else "Ủy ban nhân dân"
    elif match:
        name = match[1].replace("Uỷ", "Ủy").replace("UBND", "Ủy ban nhân dân").replace("uỷ", "ủy")
    else:
        return None
    place = " ".join(filter(None, (kind, commune)))
    return f"{name} {place}".strip()


def _signing_body(tail: Sequence[Line]) -> list[str]:
    """Who the plan is signed for: "TM. ỦY BAN NHÂN DÂN" → "ỦY BAN NHÂN DÂN"."""
    texts = [line.text for line in tail if _RANK.match(line.text)]
    return [text[match.end() :].strip() for text in texts if (match := _RANK.match(text))]


def _number(pieces: Iterable[str]) -> str | None:
    for piece in pieces:
        if (match := _NUMBER.match(piece)) and match[1]:
            separator = "-" if re.match(r"Số\s*:?\s*\d+\s*-", piece) else "/"
            return match[1] + separator + "".join(match[2].split())
    return None


def _date(pieces: Sequence[str], text: str) -> str | None:
    candidates = [
        match.groups()
        for piece in pieces
        if not _OPENING.match(piece)
        for match in [_DATE.search(piece)]
        if match
    ]
    found = max(candidates, key=lambda groups: sum(part is not None for part in groups), default=None)
    attached = _ATTACHED.search(text)
    if attached and (found is None or found[1] is None):
        found = (attached[1], attached[2], attached[3])
    if found is None:
        return None
    day, month, year = found
    return "-".join(
        [year or "", *([f"{int(month):02}"] if month else []), *([f"{int(day):02}"] if month and day else [])]
    )


def _subject(letterhead: Sequence[str], text: str) -> str | None:
    title = next((n for n, piece in enumerate(letterhead) if _TITLE.fullmatch(piece.strip())), None)
    if title is not None and (words := squeeze(" ".join(letterhead[title + 1 :]))):
        return words
    closing = re.search(
        r"Trên đây là Kế hoạch (?:triển khai, )?(.{10,240}?)(?:\.|, (?:Đảng ủy|UBND|Ủy ban|yêu cầu))", text
    )
    opening = re.search(
        r"(?:xây dựng|ban hành) kế hoạch ((?!thực hiện,).{10,240}?)(?:,? (?:cụ thể )?như sau|;)",
        text,
        re.IGNORECASE,
    )
    match = opening or closing
    return match[1].strip(" ,") if match else None


def _bases(pieces: Sequence[str]) -> Iterator[str]:
    for piece in pieces:
        for sentence in re.split(r"(?<=;)\s+(?=Căn cứ)", piece):
            text = sentence.strip(" ;")
            if re.search(r"\d+[-/][A-ZĐ]", text):
                yield text if text.endswith((".", ":")) else f"{text}."


def _signature(tail: Sequence[Line]) -> tuple[str | None, str | None]:
    lines = [part for line in tail for part in ([cell for cell in line.cells if cell] or [line.text])]
    posts: list[str] = []
    signer = None
    for text in lines:
        if _RANK.match(text) or (_POST.fullmatch(text) and is_upper(text)):
            posts.append(_readable_post(text))
        elif posts and _PERSON.fullmatch(text) and 2 <= len(text.split()) <= 5 and not is_upper(text):
            signer = text
    return signer, ", ".join(posts) or None


def _readable_post(text: str) -> str:
    rank = _RANK.match(text)
    post = text[rank.end() :].strip() if rank else text
    words = post.capitalize().replace("Phó chủ tịch", "Phó Chủ tịch").replace("Phó bí thư", "Phó Bí thư")
    words = words.replace("nhân dân chủ tịch", "nhân dân, Chủ tịch")
    return f"{text[: rank.end()].strip()} {words}" if rank else words


def _recipients(tail: Sequence[Line]) -> Iterator[str]:
    started = False
    for line in tail:
        texts = [cell for cell in line.cells if cell] or [line.text]
        if any(fold(text).startswith("noi nhan") for text in texts):
            started = True
        elif started:
            items = [match[1] for text in texts if (match := re.match(r"[-–]\s*(.+)", text))]
            if not items and not _signs(texts):
                break
            yield from (item.rstrip(" ;,.") for item in items)


def _signs(texts: Sequence[str]) -> bool:
    """Whether a line belongs to the signature, which may stand beside the recipients."""
    return all(is_upper(text) or _PERSON.fullmatch(text) for text in texts)
