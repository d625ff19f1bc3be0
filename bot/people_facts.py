"""Who uses a phone, for Actions to read (`handlers.services.People`)."""

from bot.channels.capabilities import CAPABILITIES
from handlers.services import People
from records.database import Database
from records.profiles import list_profiles


class PeopleFacts:
    """`Services.people` for our own conversation, whose senders are named 'channel:conversation id'."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, commune_id: int, sender: str) -> People | None:
        channel, _, number = sender.rpartition(":")
        if channel not in CAPABILITIES or not number.isdecimal():
            return None
        with self._database.read() as session:
            found = list_profiles(session, commune_id=commune_id, conversation_id=int(number))
            return People({profile.name: profile.slots for profile in found})
