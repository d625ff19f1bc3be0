"""`hocvuso demo`: a made-up year in an empty database."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from knowledge.library import Library
    from knowledge.plan_structure import Plan
    from records.database import Database
    from records.demo.plan import DemoContent, DemoPlan

PLAN = "kien-minh"  # the shipped digest that the made-up commune's plan is made of
COMMUNE = "Mẫu"


def demo(
    communes: Annotated[int, typer.Option(min=1, help="the first is 'xa-mau', of the web chat")] = 1,
    hamlets: Annotated[int, typer.Option(min=1, help="of all communes together")] = 10,
    learners: Annotated[int, typer.Option(min=1, help="of all communes together")] = 400,
    questions: Annotated[int, typer.Option(min=1, help="of all communes together")] = 5_000,
    seed: Annotated[int, typer.Option(help="the same seed makes the same year")] = 1,
    until: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the last day; today when left out")
    ] = None,
) -> None:
    """Fill an empty database with a made-up year; prints one-time links for staff of every role."""
    from bot.cli.common import fail, open_migrated, progress_bar
    from knowledge.lessons import load_paths
    from knowledge.library import CONTENT, load_library
    from records.demo.fill import NotEmpty, fill
    from records.demo.plan import VIETNAM, DemoSize

    now = dt.datetime.now(dt.UTC)
    end = until.replace(hour=16, tzinfo=VIETNAM) if until else now
    if end > now + dt.timedelta(days=1):
        fail(f"found --until {end:%Y-%m-%d}, expected today or a day before")
    with open_migrated() as (database, settings), progress_bar("questions") as progress:
        folder = settings.content_folder or CONTENT
        content = demo_content(load_library(folder), load_paths(folder).first_lessons(), demo_plan())
        bar = progress.add_task("", total=questions)
        size = DemoSize(communes, hamlets, learners, questions)
        try:
            slugs = fill(
                database, content, size, until=end, seed=seed, told=lambda rows: progress.advance(bar, rows)
            )
        except (NotEmpty, ValueError) as error:
            fail(str(error))
        links = staff_links(database, slugs[0], now=now)
    typer.echo(f"made up: {communes} communes, {hamlets} hamlets, {learners} people, {questions} questions")
    base = (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
    for username, path in links.items():
        typer.echo(f"{username}\t{base}{path}")


def demo_content(
    library: "Library", first_lessons: "dict[str | None, tuple[str, ...]]", plan: "DemoPlan"
) -> "DemoContent":
    """What people ask and do in a made-up year: only what the library itself has."""
    from records.demo.plan import DemoContent, DemoGuide

    guides = [
        DemoGuide(guide.slug, len(guide.steps), guide.questions)
        for guide in library.guides.values()
        if guide.questions
    ]
    return DemoContent(guides, library.elsewhere["out_of_scope"], first_lessons, plan)


def demo_plan() -> "DemoPlan":
    """A shipped digest of a plan, with the names of the commune and of people taken out."""
    from dataclasses import replace

    from knowledge.plan_digest import load_plan_digests
    from knowledge.plan_facts import facts_to_data, plan_facts
    from knowledge.plan_structure import plan_to_data
    from records.demo.plan import DemoPlan

    digest = next(digest for digest in load_plan_digests() if digest.commune == PLAN)
    head = replace(digest.plan.head, signer="Người mẫu", number="01/KH-UBND")
    plan = _renamed(replace(digest.plan, head=head), digest.name, digest.plan.head.signer or "")
    data = plan_to_data(plan)
    return DemoPlan(plan.name, data["head"], data["passages"], facts_to_data(plan_facts(plan)))


def _renamed(plan: "Plan", commune: str, signer: str) -> "Plan":
    from dataclasses import replace

    def words(text: str) -> str:
        return text.replace(commune, COMMUNE).replace(signer, "Người mẫu") if signer else text

    passages = tuple(replace(passage, text=words(passage.text)) for passage in plan.passages)
    head = replace(
        plan.head,
        issuer=words(plan.head.issuer or ""),
        commune=COMMUNE,
        subject=words(plan.head.subject or ""),
        bases=tuple(words(basis) for basis in plan.head.bases),
    )
    return replace(plan, name=words(plan.name), head=head, passages=passages)


def staff_links(database: "Database", commune: str, *, now: dt.datetime) -> dict[str, str]:
    """Username → path of the one-time link, an account for each role."""
    from records.communes import find_commune
    from records.staff_accounts import find_account
    from staff.first_account import add_staff
    from staff.roles import DISTRICT, ROLES

    links = {
        f"mau-{role}": add_staff(
            database,
            commune_slug=commune,
            username=f"mau-{role}",
            display_name=f"Người mẫu ({role})",
            roles=(role,),
            now=now,
        )
        for role in ROLES
    }
    with database.write() as session:
        home = find_commune(session, commune)
        assert home is not None
        district = find_account(session, commune_id=home.id, username=f"mau-{DISTRICT}")
        assert district is not None
        district.district_communes = ["*"]
    return links
