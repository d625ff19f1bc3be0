"""How well the shipped model finds the guides of questions it has never seen.

`tests/data/quality.json` holds what was measured when the model was last trained. After training a
better one: `hocvuso evaluate tests/data/questions/dev.jsonl`, and write the new figure there.
"""

import json
from pathlib import Path

import pytest

from knowledge.library import Library
from retrieval.engine import Engine
from retrieval.evaluate import Labelled, Result, evaluate, misses
from retrieval.text import fold, normalise

DATA = Path(__file__).parents[1] / "data"
RECORDED = json.loads((DATA / "quality.json").read_text(encoding="utf-8"))
TOLERANCE = 0.01


def results(engine: Engine, name: str) -> list[Result]:
    lines = (DATA / "questions" / name).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    labels = [Labelled(row["id"], row["q"], tuple(row["slugs"]), row["style"]) for row in rows]
    return [Result(label, engine.ask(label.question)) for label in labels]


def test_the_right_guide_comes_first_as_often_as_when_it_was_recorded(engine: Engine):
    found = results(engine, "dev.jsonl")

    success = evaluate(found, {}).in_scope.success_at_1

    missed = [
        f"{result.labelled.id} [{result.labelled.style}] {result.labelled.question} | "
        f"{', '.join(result.labelled.slugs)} | {', '.join(c.guide for c in result.found.candidates[:3])}"
        for result in misses(found)
    ]
    recorded = RECORDED["dev_success_at_1"]
    assert success >= recorded - TOLERANCE, f"{success} of {recorded}; missed:\n" + "\n".join(missed)


FORGOTTEN_PASSWORD = [
    "quen mat khau vneid lam sao",
    "quên mk vneid r lm s giờ",
    "ko nho mat khau vneid nua thi phai lam gi",
    "quen mk vneit ko vao dc",
    "queen maatj khaaur vneid",
    "que6n mat65 kha63u vneid",
    "quen mat khuau vneid",
    "quenmatkhau vneid",
    "bac quen mat khau vê nê ai đi rồi",
    "vneid bao sai mat khau bac ko nho",
    "Quên mật khấu vneld",
]


@pytest.mark.parametrize("question", FORGOTTEN_PASSWORD)
def test_a_forgotten_password_is_found_however_it_is_typed(engine: Engine, question: str):
    found = engine.ask(question)

    assert found.candidates[0].guide == "vneid-quen-mat-khau"


def known(library: Library) -> set[str]:
    """All that the model is trained on, as a question is compared with it."""
    ours = [question for guide in library.guides.values() for question in guide.questions]
    elsewhere = [text for texts in library.elsewhere.values() for text in texts]
    return {fold(normalise(text)) for text in (*ours, *elsewhere)}


@pytest.mark.parametrize("name", ["dev.jsonl", "test.jsonl", "out_of_scope.jsonl"])
def test_no_question_that_we_measure_with_stands_in_the_content(library: Library, name: str):
    lines = (DATA / "questions" / name).read_text(encoding="utf-8").splitlines()
    measured = {fold(normalise(json.loads(line)["q"])): json.loads(line)["id"] for line in lines}

    trained = known(library)

    assert len(trained) > 7000
    assert [number for text, number in measured.items() if text and text in trained] == []


def test_none_of_the_forgotten_passwords_stands_in_the_content(library: Library):
    assert known(library).intersection(fold(normalise(text)) for text in FORGOTTEN_PASSWORD) == set()
