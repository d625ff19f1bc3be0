"""Every guide on paper: how many pages, how many of the pictures found room, how long it takes.

    python benchmarks/handouts.py [FOLDER]

With a folder the papers are written there, to be looked at. Exits with 1 when a paper is longer than
two pages.
"""

import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.handout import Maker
from bot.pictures import Pictures
from knowledge.library import load_library
from knowledge.phrases import load_phrases
from records.communes import CommuneProfile

COMMUNE = CommuneProfile(
    id=1,
    slug="xa-mau",
    name="xã Mẫu",
    kind="xã",
    region="bac",
    phone="0210 000 0001",
    police_phone="0210 000 0002",
    hours=None,
    is_sample=True,
    hamlets=(),
)


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    phrases, guides = load_phrases(), load_library().guides.values()
    with TemporaryDirectory() as kept:
        pictures = Pictures(Path(kept), phrases)
        maker = Maker(
            phrases,
            COMMUNE,
            partial(pictures.svg_of, has_note=False),
            lambda slug: f"https://hoi.xa-mau.example/?viec={slug}",
        )
        papers, steps, pictured, seconds, largest = {}, 0, 0, [], 0
        for guide in guides:
            paths = [path for step in guide.steps if (path := pictures.path_of(step))]
            steps, pictured = steps + len(guide.steps), pictured + len(paths)
            largest = max([largest, *(len(pictures.png(path) or b"") for path in paths)])
            began = time.perf_counter()
            papers[guide.slug] = maker.handout(guide)
            seconds.append(time.perf_counter() - began)
    for slug, paper in papers.items():
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{slug}.pdf").write_bytes(paper.pdf)
    longer = sorted(slug for slug, paper in papers.items() if paper.pages > 1)
    sizes = [len(paper.pdf) for paper in papers.values()]
    print(f"steps with a picture: {pictured} of {steps}; the largest PNG {largest / 1024:.0f} KB")
    print(f"guides on one page: {len(papers) - len(longer)} of {len(papers)}; longer: {', '.join(longer)}")
    print(f"pictures on paper: {sum(paper.pictures for paper in papers.values())} of {pictured}")
    middle = sorted(seconds)[len(seconds) // 2]
    print(f"a paper: {sum(sizes) / len(sizes) / 1024:.0f} KB, {middle:.2f} s (median)")
    return 1 if any(paper.pages > 2 for paper in papers.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
