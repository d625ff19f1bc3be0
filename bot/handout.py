"""A guide on paper: one page A4 in large print, for whoever has no phone in hand or wants to look again.

All letters are 16 points or more. Pictures are there as far as one page has room for them; a guide
that is too long even without them takes two pages, and says so. What it says is the guide's own
words and the commune's numbers, so that it can be photocopied: nothing needs a colour.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from io import BytesIO

from bot.pictures import as_png
from knowledge.address import address
from knowledge.guide import Guide, Step
from knowledge.phrases import Phrases
from records.communes import CommuneProfile
from staff.formats import day
from staff.pdf import DARK, FAMILY, Paper, line_height, nfc, scratch_paper

MARGIN = 12.0  # mm
BODY, TITLE = 16.0, 23.0  # points
NUMBER = 11.0  # mm, the column of the steps' numbers
QR = 32.0  # mm, its quiet zone included
SPARE = 1.0  # mm that stay empty: lines are rounded
BOX = 3.0  # mm inside a frame
BESIDE = 3.0  # mm between words and picture
GAP, WIDEST_GAP = 2.2, 7.0  # mm between steps: what is left of a page is given to these
PICTURE_WIDTHS = (60.0, 52.0, 46.0)  # mm; in narrower ones the labels are too small to read
PICTURE_PIXELS = 540
MOST_NUMBERS = 4  # lines of whom to ask
_PHONE = re.compile(r"\d[\d .]{2,}\d")


@dataclass(frozen=True, slots=True)
class Handout:
    pdf: bytes
    pages: int
    pictures: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one guide is set so that it has a page of its own, or two."""

    pages: int
    gap: float = GAP
    width: float = 0.0  # of the pictures
    pictures: Mapping[int, str] = field(default_factory=dict)  # number of the step → SVG


@dataclass(frozen=True, slots=True)
class Maker:
    """What handouts are made with. `chat_address` gives the address of the chat at a guide, '' for none."""

    phrases: Phrases
    commune: CommuneProfile
    svg_of: Callable[[Step], str | None]
    chat_address: Callable[[str], str]

    def handout(self, guide: Guide) -> Handout:
        with scratch_paper(margin=MARGIN) as scratch:
            plan = self._plan(guide, scratch)
        pdf = Paper(address(guide.title), margin=MARGIN)
        _GuidePages(pdf, self, guide, plan).draw()
        return Handout(bytes(pdf.output()), pdf.page_no(), len(plan.pictures))

    def booklet(self, title: str, guides: Sequence[Guide]) -> bytes:
        """A cover with the contents, and each guide from a new page on."""
        with scratch_paper(margin=MARGIN) as scratch:
            plans = {guide.slug: self._plan(guide, scratch) for guide in guides}
            # A list longer than its page moves the guides: it is set once to see how long it is.
            before = scratch.page_no()
            cover = self._cover(scratch, title, guides, plans, cover_pages=1) - before
        pdf = Paper(address(title), margin=MARGIN)
        self._cover(pdf, title, guides, plans, cover_pages=cover)
        for guide in guides:
            _GuidePages(pdf, self, guide, plans[guide.slug]).draw()
        return bytes(pdf.output())

    def _plan(self, guide: Guide, scratch: Paper) -> _Plan:
        """One page with all its pictures, as wide as there is room; else with fewer, the tallest left out
        first; else with none; else two pages. `scratch` is for trying."""
        numbered = ((number, self.svg_of(step)) for number, step in enumerate(guide.steps, 1))
        pictures = {number: svg for number, svg in numbered if svg}
        scratch.add_page()
        for plan in _plans(pictures):
            left = _GuidePages(scratch, self, guide, plan).room_left()
            if left >= SPARE:
                # After each step, and after the frame.
                wider = min((left - SPARE) / (len(guide.steps) + 1), WIDEST_GAP - GAP)
                return replace(plan, gap=GAP + wider)
        before = scratch.page_no()
        _GuidePages(scratch, self, guide, _Plan(2)).draw()
        return _Plan(scratch.page_no() - before)

    def _cover(
        self,
        pdf: Paper,
        title: str,
        guides: Sequence[Guide],
        plans: Mapping[str, _Plan],
        *,
        cover_pages: int,
    ) -> int:
        """Returns how many pages it took."""
        say = self.phrases
        pdf.add_page()
        pdf.say(say("handout.movement"), size=BODY, align="C", after=4)
        pdf.say(say("handout.of_commune", place=self.commune.name), size=20, style="B", align="C", after=14)
        pdf.set_text_color(*DARK)
        pdf.say(say("handout.booklet"), size=20, align="C", after=2)
        pdf.say(address(title), size=32, style="B", align="C", after=12)
        pdf.set_text_color(0)
        pdf.say(say("handout.contents"), size=20, style="B", after=3)
        page = cover_pages + 1
        for guide in guides:
            line = say("handout.contents_line", title=address(guide.title), page=page)
            pdf.say(line, size=BODY, after=1)
            page += plans[guide.slug].pages
        return pdf.page_no()


def _plans(pictures: Mapping[int, str]) -> Iterator[_Plan]:
    """From the best on."""
    if pictures:
        for width in PICTURE_WIDTHS:
            yield _Plan(1, width=width, pictures=pictures)
    by_height = sorted(pictures, key=lambda number: (_ratio(pictures[number]), number))
    for count in range(len(pictures) - 1, -1, -1):
        kept = {number: pictures[number] for number in sorted(by_height[:count])}
        yield _Plan(1, width=PICTURE_WIDTHS[-1] if kept else 0.0, pictures=kept)


class _GuidePages:
    """Sets one guide on pages of its own, from a new page on."""

    def __init__(self, pdf: Paper, maker: Maker, guide: Guide, plan: _Plan) -> None:
        self.pdf, self.maker, self.guide, self.plan = pdf, maker, guide, plan
        self.say = maker.phrases
        self.first = 0  # page of the document

    def draw(self) -> None:
        self.pdf.add_page()
        self.first = self.pdf.page_no()
        self._page_mark()
        for text, size, style, after in self._head():
            self.pdf.set_text_color(*(DARK if size == TITLE else (0, 0, 0)))
            self.pdf.say(text, size=size, style=style, after=after)
        for number, step in enumerate(self.guide.steps, 1):
            self._step(number, step)
        self._safety()
        self._foot()

    def room_left(self) -> float:
        """Millimetres of one page that would stay empty; negative where one page is not enough."""
        pdf = self.pdf
        head = sum(
            pdf.height_of(text, size=size, width=pdf.epw, style=style) + after
            for text, size, style, after in self._head()
        )
        steps = sum(
            max(self._step_texts(number, step)[1], self._picture_height(number)) + self.plan.gap
            for number, step in enumerate(self.guide.steps, 1)
        )
        return pdf.eph - head - steps - self._safety_height() - self.plan.gap - self._foot_height()

    def _head(self) -> list[tuple[str, float, str, float]]:
        """(text, size, style, millimetres after it)"""
        items = " ".join(_sentence(address(item)) for item in self.guide.prepare[:2])
        return [
            (self.say("handout.of_commune", place=self.maker.commune.name), BODY, "", 1.0),
            (address(self.guide.title), TITLE, "B", 1.5),
            (self.say("handout.prepare", items=items), BODY, "", 2.5),
        ]

    def _page_mark(self) -> None:
        """1/2 in the corner, where there are two."""
        if self.plan.pages > 1:
            pdf = self.pdf
            mark = self.say("handout.page", number=pdf.page_no() - self.first + 1, count=self.plan.pages)
            x, y = pdf.get_x(), pdf.get_y()
            pdf.set_xy(pdf.w - MARGIN - 40, MARGIN)
            pdf.set_font(FAMILY, "B", BODY)
            pdf.cell(40, line_height(BODY), mark, align="R")
            pdf.set_xy(x, y)

    def _room(self, height: float) -> None:
        """Go to the next page where so much does not fit on this one."""
        if self.pdf.will_page_break(height):
            self.pdf.add_page()
            self._page_mark()
            self.pdf.set_y(MARGIN + (line_height(BODY) if self.plan.pages > 1 else 0))

    def _picture_height(self, number: int) -> float:
        svg = self.plan.pictures.get(number)
        return self.plan.width * _ratio(svg) if svg else 0.0

    def _step_texts(self, number: int, step: Step) -> tuple[tuple[tuple[str, str], ...], float]:
        """((text, style), …) and how high they are together."""
        column = self._column(number)
        texts = (
            (address(step.action), "B"),
            (self.say("handout.appears", appears=address(step.appears)), ""),
        )
        return texts, sum(
            self.pdf.height_of(text, size=BODY, width=column, style=style) for text, style in texts
        )

    def _column(self, number: int) -> float:
        beside = self.plan.width + BESIDE if number in self.plan.pictures else 0.0
        return self.pdf.epw - NUMBER - beside

    def _step(self, number: int, step: Step) -> None:
        pdf, (texts, text_height) = self.pdf, self._step_texts(number, step)
        height = max(text_height, self._picture_height(number))
        self._room(height)
        top = pdf.get_y()
        pdf.set_font(FAMILY, "B", TITLE - 3)
        pdf.cell(NUMBER, line_height(BODY), f"{number}.")
        for text, style in texts:
            pdf.set_x(MARGIN + NUMBER)
            pdf.say(text, size=BODY, style=style, width=self._column(number))
        if svg := self.plan.pictures.get(number):
            png = BytesIO(_png(svg))
            x = pdf.w - MARGIN - self.plan.width
            pdf.image(png, x=x, y=top, w=self.plan.width, alt_text=nfc(texts[0][0]))
        pdf.set_y(top + height + self.plan.gap)

    def _safety_text(self) -> str:
        text = self.guide.front.safety or self.say("handout.safety_common")
        return f"{self.say('handout.safety')} {address(text)}"

    def _safety_height(self) -> float:
        width = self.pdf.epw - 2 * BOX
        return self.pdf.height_of(self._safety_text(), size=BODY, width=width, style="B") + 2 * BOX

    def _safety(self) -> None:
        pdf, height = self.pdf, self._safety_height()
        self._room(height)
        top = pdf.get_y()
        pdf.set_line_width(1.0)
        pdf.rect(MARGIN, top, pdf.epw, height)
        pdf.set_line_width(0.2)
        pdf.set_xy(MARGIN + BOX, top + BOX)
        pdf.say(self._safety_text(), size=BODY, style="B", width=pdf.epw - 2 * BOX)
        pdf.set_y(top + height + self.plan.gap)

    def _foot_height(self) -> float:
        pdf, chat = self.pdf, self.maker.chat_address(self.guide.slug)
        lines, column = [*self._numbers(), self._source()], pdf.epw - (QR + BESIDE if chat else 0)
        height = sum(pdf.height_of(line, size=BODY, width=column) for line in lines)
        return max(height, QR if chat else 0.0)

    def _foot(self) -> None:
        pdf, chat = self.pdf, self.maker.chat_address(self.guide.slug)
        self._room(self._foot_height())
        top = pdf.get_y()
        if chat:
            pdf.qr(chat, pdf.w - MARGIN - QR, top, QR)
        for line in (*self._numbers(), self._source()):
            pdf.say(line, size=BODY, width=pdf.epw - (QR + BESIDE if chat else 0))

    def _source(self) -> str:
        source, reviewed = self.guide.front.sources[0], day(self.guide.front.reviewed)
        text = self.say("handout.source", name=source.name, day=reviewed)
        return f"{text} {self.say('handout.drawing_note')}." if self.plan.pictures else text

    def _numbers(self) -> list[str]:
        """Whom to call: the commune, its police, and the hotlines that the guide names."""
        commune = self.maker.commune
        lines = [self.say("handout.call_commune", place=commune.name, phone=commune.phone or self._blank())]
        if commune.police_phone:
            lines.append(self.say("handout.call_police", phone=commune.police_phone))
        hotlines = [_sentence(address(line)) for line in self.guide.ask if _PHONE.search(line)]
        scan = [self.say("handout.scan")] if self.maker.chat_address(self.guide.slug) else []
        return [*[*lines, *hotlines][:MOST_NUMBERS], *scan]

    def _blank(self) -> str:
        """To be filled in by hand."""
        return "." * 24


@lru_cache(maxsize=256)
def _png(svg: str) -> bytes:
    """Several guides share pictures, and several papers share guides."""
    return as_png(svg, pixels=PICTURE_PIXELS)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _ratio(svg: str) -> float:
    """Height for width."""
    match = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert match, "a drawing of our own"
    return int(match[2]) / int(match[1])
