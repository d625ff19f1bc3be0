"""All Actions, and which intent each answers."""

from handlers import answer, forwarded, hamlet, person, privacy, talk, walk
from handlers.base import ServiceAction
from handlers.services import Services

ACTIONS: tuple[type[ServiceAction], ...] = (
    answer.ActionAsk,
    answer.ActionTopic,
    answer.ActionPlanPassage,
    walk.ActionStartGuide,
    walk.ActionNext,
    walk.ActionNotFound,
    walk.ActionCheckYes,
    walk.ActionCheckNo,
    walk.ActionBack,
    walk.ActionGoTo,
    walk.ActionProgress,
    walk.ActionRepeat,
    walk.ActionResume,
    walk.ActionResumeLast,
    walk.ActionRestart,
    walk.ActionAllSteps,
    walk.ActionHandoutNo,
    walk.ActionStop,
    walk.ActionOther,
    person.ActionPerson,
    person.ActionUrgent,
    forwarded.ActionScam,
    hamlet.ActionSetHamlet,
    hamlet.ActionSkipHamlet,
    privacy.ActionErase,
    privacy.ActionEraseYes,
    privacy.ActionEraseNo,
    privacy.ActionSeeData,
    privacy.ActionEditData,
    privacy.ActionEditHamlet,
    privacy.ActionEditAddress,
    privacy.ActionSetAddress,
    privacy.ActionWithdrawCall,
    privacy.ActionRequestCopy,
    privacy.ActionRequestCorrect,
    privacy.ActionLogOff,
    privacy.ActionLogOn,
    privacy.ActionAgree,
    talk.ActionGreet,
    talk.ActionThanks,
    talk.ActionBye,
    talk.ActionChat,
    talk.ActionWho,
    talk.ActionMenu,
    talk.ActionOfferResume,
    talk.ActionEmpty,
    talk.ActionNoList,
    talk.ActionOutOfRange,
    talk.ActionOldList,
)


def build_actions(services: Services) -> dict[str, ServiceAction]:
    """intent → Action."""
    return {action.intent: action(services) for action in ACTIONS}
