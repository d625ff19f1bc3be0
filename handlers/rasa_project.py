"""The files by which a Rasa server knows our Actions: its domain, its rules, examples for its NLU.

Made from the code, so that they say what the code does: an Action's intent and name from its class,
slots and entities from how the Actions read and set them.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from handlers.actions import FOR_RASA
from knowledge.intents import IntentWords
from knowledge.library import Library

HEADER = "# Written by `hocvuso actions export`; what is changed here is lost the next time.\n"
QUESTIONS = 5  # of each guide, as examples of `ask`
FALLBACK = "nlu_fallback"  # Rasa's own: no intent was sure enough

_FOLDER = Path(__file__).parent


def domain(commune: str) -> dict[str, Any]:
    """`commune` is the slug of the commune whose people the Rasa server talks to."""
    return {
        "version": "3.1",
        # Rules go by the intent alone, whatever entities came with it.
        "intents": [{intent: {"use_entities": _needed(intent)}} for intent in intents()],
        "entities": sorted(entity_names()),
        "slots": {name: _slot(commune if name == "commune" else None) for name in sorted(slot_names())},
        "actions": [_action(intent) for intent in intents()],
    }


def rules() -> dict[str, Any]:
    """Each intent has its Action; what Rasa did not understand is searched for."""
    steps = [(intent, _action(intent)) for intent in intents()] + [(FALLBACK, "action_ask")]
    return {
        "version": "3.1",
        "rules": [{"rule": intent, "steps": [_said(intent), {"action": action}]} for intent, action in steps],
    }


def nlu(words: IntentWords, library: Library) -> dict[str, Any]:
    """Examples from the content: the words that steer, and what guides are asked with."""
    examples: dict[str, list[str]] = {}
    for phrase, intent in sorted(words.phrases.items()):
        examples.setdefault(intent, []).append(phrase)
    examples["ask"] = [text for guide in library.guides.values() for text in guide.questions[:QUESTIONS]]
    return {
        "version": "3.1",
        "nlu": [
            {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)}
            for intent, texts in examples.items()
        ],
    }


def as_yaml(data: dict[str, Any]) -> str:
    return HEADER + yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def intents() -> list[str]:
    return [action.intent for action in FOR_RASA]


@cache
def slot_names() -> frozenset[str]:
    """The slots that Actions read or set."""
    return frozenset(_found(_slots_in))


@cache
def entity_names() -> frozenset[str]:
    """The entities that Actions read or put into a button."""
    return frozenset(_found(_entities_in))


@cache
def needed_entities() -> dict[str, tuple[str, ...]]:
    """intent → the entities without which its Action cannot run."""
    needed: dict[str, tuple[str, ...]] = {}
    for name in {action.__module__ for action in FOR_RASA}:
        for node in _tree(_FOLDER / f"{name.rpartition('.')[2]}.py").body:
            if isinstance(node, ast.ClassDef) and (found := set(_needed_in(node))):
                needed |= {
                    action.intent: tuple(sorted(found)) for action in FOR_RASA if action.__name__ == node.name
                }
    return needed


class _Dumper(yaml.SafeDumper):
    """Lists of examples as Rasa's own pages write them: a block of lines."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _Dumper.represent_text)


def _action(intent: str) -> str:
    return f"action_{intent}"


def _slot(initial: str | None) -> dict[str, Any]:
    slot = {"type": "any", "mappings": [{"type": "custom"}]}  # set by Actions only, no feature of a policy
    return {**slot, "initial_value": initial} if initial else slot


def _said(intent: str) -> dict[str, Any]:
    entities = _needed(intent)
    return {"intent": intent, "entities": entities} if entities else {"intent": intent}


def _needed(intent: str) -> list[str]:
    return list(needed_entities().get(intent, ()))


def _found(names_in: Callable[[ast.AST], Iterator[str]]) -> Iterator[str]:
    for path in sorted(_FOLDER.glob("*.py")):
        for node in ast.walk(_tree(path)):
            yield from names_in(node)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _slots_in(node: ast.AST) -> Iterator[str]:
    """slot("x"), get_slot("x"), SlotSet("x", …), ….slots["x"], ….slots.update(x=…)"""
    if isinstance(node, ast.Call):
        called = _name(node.func)
        if called in ("slot", "get_slot", "SlotSet"):
            yield from _texts(node.args[:1])
        elif (
            called == "update" and isinstance(node.func, ast.Attribute) and _name(node.func.value) == "slots"
        ):
            yield from (keyword.arg for keyword in node.keywords if keyword.arg)
    elif isinstance(node, ast.Subscript) and _name(node.value) == "slots":
        yield from _texts([node.slice])


def _entities_in(node: ast.AST) -> Iterator[str]:
    """button(…, x=…), ….entities.get("x"), ….entities["x"]"""
    if isinstance(node, ast.Call):
        if _name(node.func) == "button":
            yield from (keyword.arg for keyword in node.keywords if keyword.arg)
        elif _name(node.func) == "get" and _owner(node.func) == "entities":
            yield from _texts(node.args[:1])
    else:
        yield from _needed_here(node)


def _needed_in(action: ast.ClassDef) -> Iterator[str]:
    for node in ast.walk(action):
        yield from _needed_here(node)


def _needed_here(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Subscript) and _name(node.value) == "entities":
        yield from _texts([node.slice])


def _name(node: ast.AST) -> str:
    """`slots` of both `slots` and `turn.slots`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _owner(function: ast.AST) -> str:
    """`slots` of `turn.slots.update`."""
    return _name(function.value) if isinstance(function, ast.Attribute) else ""


def _texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
