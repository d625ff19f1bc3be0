"""Volunteers: invited by staff with a one-time code, known afterwards by their conversation.

The code is told by word of mouth or on paper and typed into the chat, so it is letters that no
keyboard turns into others: consonants only, since Telex and VNI put marks on vowels and on "d".
"""

import datetime as dt
import hashlib
import re
import secrets
import unicodedata
from collections.abc import Sequence

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from records import handoffs
from records.community import Volunteer
from records.models import ChannelIdentity, Conversation

LIFE = dt.timedelta(days=7)  # of an invitation
LETTERS = "BCGHKMNPQRSTVX"
LENGTH, GROUP = 9, 3

_WRITTEN = re.compile(rf"[{LETTERS}]{{{LENGTH}}}")


def invite(
    session: Session,
    *,
    commune_id: int,
    name: str,
    hamlets: Sequence[str],
    by: str,
    now: dt.datetime,
    life: dt.timedelta = LIFE,
) -> tuple[Volunteer, str]:
    """A new volunteer and the code with which they make themselves known; only its hash is kept.

    `hamlets` are slugs, [] for the whole commune.
    """
    volunteer = Volunteer(
        commune_id=commune_id, name=name, hamlets=list(hamlets), created_by=by, created_at=now
    )
    session.add(volunteer)
    return volunteer, renew_code(session, volunteer, now=now, life=life)


def renew_code(session: Session, volunteer: Volunteer, *, now: dt.datetime, life: dt.timedelta = LIFE) -> str:
    """Another code, for who lost theirs or changed phones; the one before stops working."""
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    volunteer.code_hash, volunteer.code_expires_at = _hash(code), now + life
    session.flush()
    return "-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def read_code(text: str) -> str | None:
    """The code that a text is, however it is spaced and written; None when it is none."""
    plain = unicodedata.normalize("NFKC", text).upper()
    letters = re.sub(r"[\s\-–—.,_:]+", "", plain)
    return letters if _WRITTEN.fullmatch(letters) else None


def redeem(
    session: Session, *, commune_id: int, code: str, conversation_id: int, now: dt.datetime
) -> Volunteer | None:
    """The volunteer whose chat this conversation is from now on; None for a code that is of no use.

    Of two who send the same code at once one gets it. Who was a volunteer here before is this one now.
    """
    read = read_code(code)
    if read is None:
        return None
    found = session.scalar(
        select(Volunteer)
        .where(
            Volunteer.commune_id == commune_id,
            Volunteer.code_hash == _hash(read),
            Volunteer.code_expires_at > now,
            Volunteer.is_active,
        )
        .with_for_update()
    )
    if found is None:
        return None
    before = session.scalar(
        select(Volunteer).where(
            Volunteer.commune_id == commune_id,
            Volunteer.conversation_id == conversation_id,
            Volunteer.id != found.id,
        )
    )
    if before is not None:
        by = f"volunteer:{found.id}"
        handoffs.release_all(session, commune_id=commune_id, volunteer_id=before.id, actor=by, now=now)
        before.conversation_id = None
        set_active(session, before, False)
    result = session.execute(
        update(Volunteer)
        .where(Volunteer.commune_id == commune_id, Volunteer.id == found.id, Volunteer.code_hash.is_not(None))
        .values(code_hash=None, code_expires_at=None, conversation_id=conversation_id, is_on_duty=True)
    )
    assert isinstance(result, CursorResult)
    session.refresh(found)
    return found if result.rowcount == 1 else None


def of_conversation(session: Session, *, commune_id: int, conversation_id: int) -> Volunteer | None:
    """The active volunteer who writes there."""
    return session.scalar(
        select(Volunteer).where(
            Volunteer.commune_id == commune_id,
            Volunteer.conversation_id == conversation_id,
            Volunteer.is_active,
        )
    )


def on_duty(session: Session, *, commune_id: int, hamlet: str | None) -> list[Volunteer]:
    """Who can be told of a call now, oldest first: those of the hamlet and of the whole commune.

    With no hamlet everybody. Left out are those who never used their code or who blocked us.
    """
    reachable = session.scalars(
        select(Volunteer)
        .join(
            Conversation,
            (Conversation.commune_id == Volunteer.commune_id)
            & (Conversation.id == Volunteer.conversation_id),
        )
        .join(
            ChannelIdentity,
            (ChannelIdentity.commune_id == Conversation.commune_id)
            & (ChannelIdentity.id == Conversation.identity_id),
        )
        .where(
            Volunteer.commune_id == commune_id,
            Volunteer.is_active,
            Volunteer.is_on_duty,
            ChannelIdentity.left_at.is_(None),
        )
        .order_by(Volunteer.id)
    )
    return [
        volunteer
        for volunteer in reachable
        if hamlet is None or not volunteer.hamlets or hamlet in volunteer.hamlets
    ]


def set_active(session: Session, volunteer: Volunteer, is_active: bool) -> None:
    """Switched off, a volunteer is nobody special in the chat; then call `handoffs.release_all`, too."""
    volunteer.is_active = is_active
    if not is_active:
        volunteer.code_hash, volunteer.code_expires_at = None, None
    session.flush()


def set_duty(session: Session, volunteer: Volunteer, is_on_duty: bool) -> None:
    """Off duty, a volunteer is told of no new calls and keeps those they have."""
    volunteer.is_on_duty = is_on_duty
    session.flush()


def set_hamlets(session: Session, volunteer: Volunteer, hamlets: Sequence[str]) -> None:
    volunteer.hamlets = list(hamlets)
    session.flush()


def list_volunteers(session: Session, *, commune_id: int, limit: int = 500) -> list[Volunteer]:
    """All of them, the active first, oldest first."""
    return list(
        session.scalars(
            select(Volunteer)
            .where(Volunteer.commune_id == commune_id)
            .order_by(Volunteer.is_active.desc(), Volunteer.created_at, Volunteer.id)
            .limit(limit)
        )
    )


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
