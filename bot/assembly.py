"""The one place where the concrete pieces meet: settings in, a running assistant out."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from bot.certificate import Certificates
from bot.channels.accounts import Account, AccountError, read_accounts
from bot.channels.build import ChannelParts, build_channel
from bot.channels.switchboard import Switchboard
from bot.classes_facts import CommunityFacts
from bot.content import Content
from bot.conversation import Conversation, Safety
from bot.crowd import Crowd, Marks
from bot.desk import DatabaseDesk
from bot.directory import CommuneDirectory
from bot.escalation import Escalation
from bot.gauges import Gauges
from bot.guide_pages import guide_pages
from bot.help_line import HelpLine
from bot.jobs import NightJobs, night_jobs
from bot.learning_facts import LearningFacts
from bot.metrics import MeasuredEncoder, Metrics
from bot.my_data import MyData
from bot.people_facts import PeopleFacts
from bot.plans import PlanShelf
from bot.rate_limit import RateLimits
from bot.reminders import Reminders
from bot.settings import Settings
from bot.stuck_offers import StuckOffers
from bot.turns import TurnRunner, Worker
from bot.volunteer_facts import HelpLookup, VolunteerLookup
from handlers.scam import ScamCheck
from handlers.services import Services
from handlers.triage import Triage
from knowledge.helping import load_helping_words
from knowledge.intents import load_intent_words
from knowledge.lessons import load_paths
from knowledge.library import CONTENT
from knowledge.phrases import Phrases, load_phrases
from knowledge.plan_digest import PlanDigest
from knowledge.safety_rules import load_scam_rules, load_urgent_rules
from records import migrate
from records.backup import Kept
from records.communes import CommuneProfile, add_commune, find_commune
from records.database import Database, open_database, sqlite_url
from records.erasure_list import ErasureList
from records.id_floor import keep_ids_growing
from records.only_one import Leadership, one_at_a_time
from records.retention import Periods
from records.sample import ensure_sample_commune
from records.vault import Vault, open_vault
from retrieval.decide import Thresholds
from retrieval.encoder import open_encoder

Clock = Callable[[], dt.datetime]
# In the data folder:
KEY_RING = "secret.key"
ERASURES = "erasures.log"
BACKUPS = "backups"

_log = structlog.get_logger()


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Assistant:
    """Everything `serve` needs, started and stopped together."""

    settings: Settings
    database: Database
    content: Content
    phrases: Phrases
    directory: CommuneDirectory
    desk: DatabaseDesk
    worker: Worker
    switchboard: Switchboard
    metrics: Metrics
    vault: Vault
    limits: RateLimits
    clock: Clock
    erasures: ErasureList
    jobs: NightJobs
    crowd: Crowd
    reminders: Reminders
    stuck_offers: StuckOffers
    certificates: Certificates
    escalation: Escalation
    help_line: HelpLine
    clock_leader: Leadership  # of several workers one does what the clock asks for


def database_url(settings: Settings) -> str:
    return settings.database_url or sqlite_url(settings.data_folder / "hocvuso.db")


def periods(settings: Settings) -> Periods:
    return Periods(
        messages=settings.keep_messages,
        handoffs=settings.keep_handoffs,
        statistics=settings.keep_statistics,
        audit=settings.keep_audit,
        backups=settings.keep_backups,
        idle=settings.keep_silent,
    )


def kept_backups(settings: Settings) -> Kept:
    return Kept(settings.backups_daily, settings.backups_weekly, settings.backups_monthly)


def load_content(settings: Settings, metrics: Metrics | None = None) -> Content:
    """`metrics` are told of each call of the encoder."""
    encoder = open_encoder(
        settings.encoder, prompt=settings.encoder_prompt, passage_prompt=settings.encoder_passage_prompt
    )
    if metrics is not None:
        encoder = MeasuredEncoder(encoder, metrics)
    thresholds = Thresholds(answer=settings.threshold)
    return Content(encoder, folder=settings.content_folder, thresholds=thresholds)


class Directory(Protocol):
    """Where the conversation looks a commune up."""

    def by_slug(self, slug: str) -> CommuneProfile: ...


def build_conversation(
    content: Content,
    phrases: Phrases,
    directory: Directory,
    plans: PlanShelf,
    clock: Clock,
    folder: Path | None,
    safety: Safety | None = None,
) -> Conversation:
    services = build_services(content, phrases, directory, plans, clock, folder)
    return Conversation(services, safety or safety_checks(content, folder))


def build_services(
    content: Content,
    phrases: Phrases,
    directory: Directory,
    plans: PlanShelf,
    clock: Clock,
    folder: Path | None,
) -> Services:
    """What Actions are built with, for our own conversation and for a Rasa server alike."""
    return Services(
        phrases=phrases,
        intents=load_intent_words(folder or CONTENT),
        helping=load_helping_words(folder or CONTENT),
        library=content.library,
        ask=content.ask,
        hear=content.hear,
        within=content.within,
        plan=plans.ask,
        commune=directory.by_slug,
        clock=clock,
        paths=load_paths(folder or CONTENT),
    )


def open_plans(content: Content, database: Database | None, folder: Path | None) -> PlanShelf:
    def questions() -> list[str]:
        return [text for guide in content.library().guides.values() for text in guide.questions]

    return PlanShelf(database, questions, folder)


def ensure_plan_commune(session: Session, digest: PlanDigest, *, now: dt.datetime) -> None:
    """The commune of a shipped digest, as a sample; one that is there already stays as it is."""
    if find_commune(session, digest.commune) is None:
        add_commune(
            session,
            slug=digest.commune,
            name=f"{digest.kind} {digest.name}",
            kind=digest.kind,
            province=digest.province,
            now=now,
            is_sample=True,
        )


def safety_checks(content: Content, folder: Path | None) -> Safety:
    """What sees that somebody is in trouble right now, and what judges forwarded messages."""
    urgent = load_urgent_rules(folder or CONTENT)
    triage = Triage(content.read, rules=urgent)
    return Safety(triage.urgent, ScamCheck(load_scam_rules(folder or CONTENT), urgent.ideas))


def rate_limits(settings: Settings, safety: Safety, clock: Clock) -> RateLimits:
    return RateLimits(
        per_person=settings.rate_person,
        per_address=settings.rate_address,
        new_talks=settings.rate_new_talks,
        is_urgent=lambda text: safety.urgent(text) is not None,
        now=lambda: clock().timestamp(),
    )


@contextmanager
def open_assistant(
    settings: Settings, *, clock: Clock = utc_now, content: Content | None = None
) -> Iterator[Assistant]:
    """Migrate, load, start the worker; on leaving stop it and close the database.

    `content` may be given when it is loaded already; it is not changed.
    """
    with ExitStack() as stack:
        settings.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        database = open_database(database_url(settings))
        stack.callback(database.close)
        erasures = ErasureList(settings.data_folder / ERASURES)
        with one_at_a_time(database, "start"):
            migrate.upgrade(database)
            if again := erasures.replay(database):  # this database is an older one, brought back
                _log.warning("what was erased is erased again", erasures=again)
        clock_leader = Leadership(database, "clock")
        stack.callback(clock_leader.resign)
        metrics = Metrics()
        content = content or load_content(settings, metrics)
        plans = open_plans(content, database, settings.content_folder)
        with one_at_a_time(database, "start"), database.write() as session:
            keep_ids_growing(session)
            ensure_sample_commune(session, now=clock())
            for digest in plans.digests:
                ensure_plan_commune(session, digest, now=clock())
        phrases = load_phrases(settings.content_folder or CONTENT)
        directory = CommuneDirectory(database)
        safety = safety_checks(content, settings.content_folder)
        services = build_services(content, phrases, directory, plans, clock, settings.content_folder)
        mine = replace(
            services,
            held=MyData(database, phrases),
            people=PeopleFacts(database),
            volunteer=VolunteerLookup(database),
            help=HelpLookup(database),
            learning=LearningFacts(database),
            kept_days=settings.keep_messages,
            hours=settings.hours,
            community=CommunityFacts(database, clock, services.paths.first_lessons()),
            class_counts=tuple(settings.class_counts.split()),
        )
        conversation = Conversation(mine, safety)
        vault = open_vault(settings.data_folder / KEY_RING)
        switchboard = Switchboard(database, vault, clock, metrics)
        runner = TurnRunner(
            database,
            conversation,
            phrases,
            directory.by_id,
            clock,
            metrics,
            on_replies=switchboard.wake,
            on_erased=partial(erasures.add_from, database),
        )
        worker = Worker(runner)
        limits = rate_limits(settings, safety, clock)
        crowd = Crowd(database, clock, Marks(busy=settings.busy_at, full=settings.full_at))
        desk = DatabaseDesk(
            database, worker, directory.by_slug, clock, vault, limits=limits, metrics=metrics, crowd=crowd
        )
        parts = ChannelParts(
            desk=desk,
            phrases=phrases,
            clock=clock,
            database=database,
            vault=vault,
            guide_pages=partial(guide_pages, content=content, phrases=phrases),
            commune_id=lambda slug: directory.by_slug(slug).id,
            fetching=partial(_fetching_post, database, stack),
        )
        add_channels(switchboard, read_accounts(settings), parts)
        stack.enter_context(content.watching())
        backups = settings.data_folder / BACKUPS
        metrics.registry.register(
            Gauges(database, content, worker, clock, data_folder=settings.data_folder, backups=backups)
        )
        worker.start()
        stack.callback(worker.stop)
        yield Assistant(
            settings,
            database,
            content,
            phrases,
            directory,
            desk,
            worker,
            switchboard,
            metrics,
            vault,
            limits,
            clock,
            erasures,
            night_jobs(
                database,
                erasures,
                periods(settings),
                clock,
                backups=backups,
                kept=kept_backups(settings),
                keys=vault.key_ids,
            ),
            crowd,
            Reminders(database, phrases, clock, switchboard.wake),
            StuckOffers(
                database, phrases, lambda number: directory.by_id(number).name, clock, switchboard.wake
            ),
            Certificates(database, vault, mine, directory.by_slug),
            Escalation(database, mine, directory.by_id, switchboard.wake, minutes=settings.escalate_minutes),
            HelpLine(mine, directory.by_id),
            clock_leader,
        )


def _fetching_post(database: Database, stack: ExitStack, name: str) -> Leadership:
    """The post of who fetches the messages of an account, left when the assistant stops."""
    post = Leadership(database, f"fetching {name}")
    stack.callback(post.resign)
    return post


def add_channels(switchboard: Switchboard, accounts: Sequence[Account], parts: ChannelParts) -> None:
    """Raises `AccountError` for an account of a commune that is not here."""
    for account in accounts:
        try:
            commune_id = parts.commune_id(account.commune)
        except KeyError as error:
            raise AccountError(
                f"account on {account.channel}: found commune {account.commune!r}, expected one that is here"
            ) from error
        switchboard.add(build_channel(account, parts), commune_id=commune_id)
