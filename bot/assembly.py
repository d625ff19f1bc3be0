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

from bot.announcements import Announcer
from bot.certificate import Certificates
from bot.channels.accounts import Account, AccountError, read_accounts
from bot.channels.build import ChannelParts, build_channel
from bot.channels.capabilities import TELEGRAM, WEBCHAT
from bot.channels.recordings import fetch_of
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
from bot.guide_shelf import GuideShelf
from bot.help_line import HelpLine
from bot.intake import Intake
from bot.jobs import NightJobs, night_jobs
from bot.learning_facts import LearningFacts
from bot.metrics import MeasuredEncoder, Metrics
from bot.my_data import MyData
from bot.one_question import OneQuestion, one_question
from bot.outlets import Outlets
from bot.papers import Papers
from bot.people_facts import PeopleFacts
from bot.pictures import Pictures
from bot.plans import PlanShelf
from bot.rate_limit import RateLimits
from bot.reminders import Reminders
from bot.settings import Settings
from bot.stuck_offers import StuckOffers
from bot.turns import TurnRunner, Worker
from bot.voice.ears import Ears, Fetch
from bot.voice.recognise import Recogniser, Whisper
from bot.voice.voices import Voices
from bot.volunteer_facts import HelpLookup, VolunteerLookup
from handlers.scam import ScamCheck
from handlers.services import Services
from handlers.triage import Triage
from knowledge.guide import Guide
from knowledge.helping import load_helping_words
from knowledge.intents import load_intent_words
from knowledge.languages import Languages, load_languages
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
from records.only_one import Leadership, Presence, one_at_a_time
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
PICTURES = "pictures"
SOUNDS = "sounds"

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
    ask: OneQuestion  # of a new learner; records nothing
    guides: GuideShelf
    pictures: Pictures
    papers: Papers
    announcer: Announcer
    voices: Voices
    languages: Languages  # beside Vietnamese
    recogniser: Recogniser | None


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
    *,
    guides: GuideShelf | None = None,
) -> Conversation:
    services = build_services(content, phrases, directory, plans, clock, folder, guides=guides)
    return Conversation(services, safety or safety_checks(content, folder))


def build_services(
    content: Content,
    phrases: Phrases,
    directory: Directory,
    plans: PlanShelf,
    clock: Clock,
    folder: Path | None,
    *,
    guides: GuideShelf | None = None,
) -> Services:
    """What Actions are built with, for our own conversation and for a Rasa server alike.

    Without `guides` every commune has those that are shipped.
    """
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
        own_guides=(guides or GuideShelf(content, None)).of,
        languages=open_languages(phrases, folder),
    )


def open_languages(phrases: Phrases, folder: Path | None) -> Languages:
    """What is broken in another language is left out and logged: there Vietnamese is said."""
    languages = load_languages(phrases, folder or CONTENT)
    for problem in languages.problems:
        _log.warning("a translation is not used", problem=str(problem))
    return languages


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
    scam = ScamCheck(load_scam_rules(folder or CONTENT), urgent.ideas, reader=content.read)
    return Safety(triage.urgent, scam)


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
    settings: Settings,
    *,
    clock: Clock = utc_now,
    content: Content | None = None,
    recogniser: Recogniser | None = None,
    fetch: Callable[[int, str], Fetch | None] | None = None,
) -> Iterator[Assistant]:
    """Migrate, load, start the worker; on leaving stop it and close the database.

    `content` may be given when it is loaded already; it is not changed. `recogniser` and `fetch` (see
    `bot.voice.ears`) stand for those of the settings.
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
        guides = GuideShelf(content, database)
        services = build_services(
            content, phrases, directory, plans, clock, settings.content_folder, guides=guides
        )
        pictures = Pictures(settings.data_folder / PICTURES, phrases)
        voices = Voices(
            directory.by_slug,
            lambda slug: guides.view(slug).library(),
            piper=settings.piper,
            content=settings.content_folder or CONTENT,
            kept=settings.data_folder / SOUNDS,
        )
        papers = Papers(
            pictures,
            phrases,
            services.paths,
            library=lambda slug: guides.view(slug).library(),
            commune=directory.by_slug,
            public_url=settings.public_url,
            served=settings.commune,
            clock=clock,
        )
        mine = replace(
            services,
            picture=pictures.path_of,
            paper=partial(_paper_for, papers, settings.public_url),
            sound=partial(voices.way, public_url=settings.public_url),
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
        presence = Presence(database)
        stack.callback(presence.end)
        switchboard = Switchboard(database, vault, clock, metrics, presence)
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
        if recogniser is None and settings.speech_model:
            recogniser = whisper = Whisper(settings.speech_model)
            stack.callback(whisper.close)
        limits = rate_limits(settings, safety, clock)
        crowd = Crowd(database, clock, Marks(busy=settings.busy_at, full=settings.full_at))
        desk = DatabaseDesk(
            database,
            worker,
            directory.by_slug,
            clock,
            vault,
            limits=limits,
            metrics=metrics,
            crowd=crowd,
            can_hear=recogniser is not None,
        )
        parts = ChannelParts(
            desk=desk,
            intake=Intake(desk),
            phrases=phrases,
            clock=clock,
            database=database,
            vault=vault,
            guide_pages=partial(guide_pages, content=content, phrases=phrases),
            commune_id=lambda slug: directory.by_slug(slug).id,
            fetching=lambda name: Leadership(database, f"fetching {name}"),
            file=lambda path: pictures.png(path) or papers.file(path),
            sound=voices.sound,
            sound_path=voices.path_of,
            public_url=settings.public_url.rstrip("/") if settings.public_url else None,
        )
        accounts = read_accounts(settings)
        ears_post = Leadership(database, "ears")
        stack.callback(ears_post.resign)
        ears = Ears(
            database,
            recogniser,
            fetch or _recordings(accounts, directory),
            is_mine=ears_post.is_mine,
            on_heard=worker.wake,
        )
        add_channels(switchboard, accounts, parts, guides)
        stack.enter_context(content.watching())
        backups = settings.data_folder / BACKUPS
        metrics.registry.register(
            Gauges(database, content, worker, clock, data_folder=settings.data_folder, backups=backups)
        )
        worker.start()
        stack.callback(worker.stop)
        ears.start()
        stack.callback(ears.stop)
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
            one_question(Conversation(services, safety)),
            guides,
            pictures,
            papers,
            Announcer(
                database,
                phrases,
                clock,
                switchboard.wake,
                outlets=_outlets(database, accounts, directory, settings.commune),
                commune=directory.by_id,
                library=lambda number: guides.view(directory.by_id(number).slug).library(),
                scam=safety.scam,
                hours=settings.hours,
            ),
            voices,
            services.languages,
            recogniser,
        )


def _recordings(
    accounts: Sequence[Account], directory: CommuneDirectory
) -> Callable[[int, str], Fetch | None]:
    ways: dict[tuple[str, str], Fetch] = {
        (account.commune, account.channel): fetch_of(account) for account in accounts
    }
    return lambda commune_id, channel: ways.get((directory.by_id(commune_id).slug, channel))


def _outlets(
    database: Database, accounts: Sequence[Account], directory: CommuneDirectory, web: str
) -> Outlets:
    by_commune: dict[int, list[Account]] = {}
    for account in accounts:
        by_commune.setdefault(directory.by_slug(account.commune).id, []).append(account)
    try:
        of_web = directory.by_slug(web).id
    except KeyError:  # nothing is served then: `hocvuso serve` says which commune is missing
        of_web = None
    return Outlets(database, by_commune, of_web)


def _paper_for(
    papers: Papers, public_url: str | None, commune: str, guide: Guide, channel: str
) -> str | None:
    """Where a channel can give the paper: as a file, on its own page, or by an address others can open.

    A path has the paper of the commune that is served on the web; it would be wrong for the others.
    """
    can_give = channel in (WEBCHAT, TELEGRAM) or public_url is not None
    return papers.path_of(guide) if can_give and commune == papers.served else None


def add_channels(
    switchboard: Switchboard, accounts: Sequence[Account], parts: ChannelParts, guides: GuideShelf
) -> None:
    """Raises `AccountError` for an account of a commune that is not here."""
    for account in accounts:
        try:
            commune_id = parts.commune_id(account.commune)
        except KeyError as error:
            raise AccountError(
                f"account on {account.channel}: found commune {account.commune!r}, expected one that is here"
            ) from error
        own = replace(parts, guide_pages=partial(_pages_of, guides, account.commune, parts.phrases))
        switchboard.add(build_channel(account, own), commune_id=commune_id)


def _pages_of(guides: GuideShelf, commune: str, phrases: Phrases, query: str) -> list[tuple[str, str, str]]:
    return guide_pages(query, content=guides.view(commune), phrases=phrases)
