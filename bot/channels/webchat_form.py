"""What the page of the web chat sends with a message."""

from typing import Annotated

from pydantic import BaseModel, Field

MAX_ENTRY_ID = 2**63 - 1  # what the database can hold

MessageId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,64}$")]


class ChatForm(BaseModel):
    """The names are those of the fields of the page."""

    message_id: MessageId
    text: str = ""
    choice: str = Field(
        "", max_length=500, pattern=r"^[^\x00]*$", description="payload of the pressed button"
    )
    xom: str = ""
    sau: int = Field(0, ge=0, le=MAX_ENTRY_ID, description="the last entry the script has")
