"""Who may do what: a right for each task, and the roles as sets of rights.

A page asks for a right, never for a role. Volunteers work in the chat and have no role here. An
account may hold several roles, for a commune's desk may be one person. Nothing is allowed that
does not stand here; a role this list does not know brings no right.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class Right(StrEnum):
    own_account = "own_account"  # one's password, second factor and logins
    see_figures = "see_figures"  # the commune's figures by hamlet and topic
    see_questions = "see_questions"  # what residents wrote, masked
    answer_calls = "answer_calls"  # calls for a person, and what was said before them
    see_guides = "see_guides"
    write_guides = "write_guides"
    review_guides = "review_guides"  # of somebody else
    see_plans = "see_plans"
    edit_plans = "edit_plans"
    approve_plans = "approve_plans"
    enter_actuals = "enter_actuals"  # of targets that the system cannot know
    edit_lists = "edit_lists"  # hamlets, volunteers, classes, households
    make_reports = "make_reports"
    edit_report_template = "edit_report_template"
    send_announcements = "send_announcements"
    personal_data = "personal_data"  # people's requests about their data, breaches
    manage_people = "manage_people"  # staff accounts and their roles
    manage_keys = "manage_keys"  # of the commune's portal
    see_audit = "see_audit"
    see_totals = "see_totals"  # of several communes, nothing below a commune


STAFF, ADMIN, AUTHOR, REVIEWER = "staff", "admin", "author", "reviewer"
AUDITOR, DISTRICT = "auditor", "district"

ROLES: Mapping[str, frozenset[Right]] = MappingProxyType(
    {
        STAFF: frozenset(
            {
                Right.see_figures,
                Right.see_questions,
                Right.answer_calls,
                Right.see_guides,
                Right.write_guides,
                Right.review_guides,  # of a colleague: nobody approves what they wrote
                Right.see_plans,
                Right.enter_actuals,
                Right.edit_lists,
                Right.make_reports,
                Right.send_announcements,
                Right.personal_data,
            }
        ),
        AUTHOR: frozenset({Right.see_guides, Right.write_guides, Right.see_plans, Right.edit_plans}),
        REVIEWER: frozenset({Right.see_guides, Right.review_guides, Right.see_plans, Right.approve_plans}),
        # No text of residents and no personal data: who gives rights away does not read.
        ADMIN: frozenset({Right.manage_people, Right.manage_keys, Right.edit_report_template}),
        AUDITOR: frozenset({Right.see_audit}),
        DISTRICT: frozenset({Right.see_totals}),
    }
)
# Of the account a new installation begins with. Its guides still wait for somebody else's review.
FIRST_ROLES = (ADMIN, STAFF, AUTHOR)

# Where the site begins for who may not see the figures: the first of these they may open.
_FIRST_PAGES: tuple[tuple[Right, str], ...] = (
    (Right.manage_people, "/tai-khoan-can-bo"),
    (Right.see_guides, "/kho-huong-dan"),
    (Right.see_totals, "/cac-xa"),
    (Right.see_audit, "/nhat-ky"),
)


def rights_of(roles: Iterable[str]) -> frozenset[Right]:
    return frozenset({Right.own_account}).union(*(ROLES.get(role, frozenset()) for role in roles))


def first_page(rights: frozenset[Right]) -> str:
    """The path below /staff."""
    return next((path for right, path in _FIRST_PAGES if right in rights), "/tai-khoan")
