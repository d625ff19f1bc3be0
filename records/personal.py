"""Which tables hold something of a person, and how a person's rows are found there.

Read off the schema, so that a table added later is erased and shown with the rest: what has a
`learner_id` is theirs, and so is what has a `conversation_id` alone.
"""

from sqlalchemy import Table

from records.models import Base

# How a person is known; with these goes the way to the rest.
WAYS_IN = ("channel_identities", "conversations")
# The commune's own records of what was asked of it; they say whose only while that is needed.
OF_COMMUNE = ("erasures", "subject_requests")

# Preferences of a person among the slots of a talk; the other slots are about what was talked about.
PROFILE_SLOTS = (
    "commune",
    "address",
    "address_by",  # 'wish' when they said how they want to be called
    "called",  # what they called themselves in a message, once so far
    "profile",  # which of several people on one phone is talking
    "helping",
    "helped_by",
    "hamlet",
    "hamlet_asked",
    "notice",
    "pictures",  # False: none with the steps
    "language",  # tag of the one that is not Vietnamese
    "read_out",  # True: every reply is read out, too
    "unlogged",
)


def of_learner() -> list[Table]:
    """What a learner did and was given, by their number; what refers to others comes first."""
    return [
        table
        for table in reversed(Base.metadata.sorted_tables)
        if "learner_id" in table.c and table.name not in (*WAYS_IN, *OF_COMMUNE)
    ]


def of_talk() -> list[Table]:
    """What was said in a talk and hangs on nothing else."""
    return [
        table
        for table in reversed(Base.metadata.sorted_tables)
        if "conversation_id" in table.c and "learner_id" not in table.c
    ]
