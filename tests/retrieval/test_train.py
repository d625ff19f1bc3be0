"""Training the static encoder: reproducible from its seed, and it learns."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from knowledge.glossary import Glossary
from knowledge.library import Library
from retrieval.encoder import StaticEncoder
from retrieval.engine import make_repairer
from retrieval.text import normalise
from retrieval.train import joined_features, train
from retrieval.train_state import content_hash, read_trained_on, write_trained_on

STEPS = 8


@pytest.fixture(scope="module")
def trained(
    tiny_library: Library, glossary: Glossary, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Folders with models: `first` and `again` from one seed, `other` from another."""
    folders = {}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        folders[name] = tmp_path_factory.mktemp(name)
        repairer = make_repairer(tiny_library, glossary)
        train(tiny_library, glossary, repairer, folders[name], seed=seed, steps=STEPS)
    return folders


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_files_bit_for_bit(trained: dict[str, Path]):
    first, again = files(trained["first"]), files(trained["again"])

    assert sorted(first) == sorted(again)
    assert [name for name in first if first[name] != again[name]] == []


def test_another_seed_gives_another_model(trained: dict[str, Path]):
    first, other = files(trained["first"]), files(trained["other"])

    assert first["model.safetensors"] != other["model.safetensors"]


def test_what_was_trained_is_served_without_torch(trained: dict[str, Path], tiny_library: Library):
    encoder = StaticEncoder(trained["first"])

    vectors = encoder.encode([normalise(guide.title) for guide in tiny_library.guides.values()])

    assert encoder.dimension == 192
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_an_unknown_feature_is_a_row_of_zeros(trained: dict[str, Path]):
    assert not StaticEncoder(trained["first"]).encode(["中文"]).any()


def test_training_tells_its_progress_and_the_loss_falls(
    tiny_library: Library, glossary: Glossary, tmp_path: Path
):
    told: list[tuple[int, int, float]] = []

    train(
        tiny_library,
        glossary,
        make_repairer(tiny_library, glossary),
        tmp_path,
        steps=40,
        progress=lambda step, steps, loss: told.append((step, steps, loss)),
    )

    losses = [loss for _, _, loss in told]
    assert [(step, steps) for step, steps, _ in told] == [(step, 40) for step in range(1, 41)]
    assert sum(losses[-5:]) < sum(losses[:5]) * 0.6


def test_torch_is_left_as_it_was_found(tiny_library: Library, glossary: Glossary, tmp_path: Path):
    import torch

    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()

    train(tiny_library, glossary, make_repairer(tiny_library, glossary), tmp_path, steps=2)

    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before


def test_without_texts_elsewhere_guides_alone_are_learnt(
    tiny_library: Library, glossary: Glossary, tmp_path: Path
):
    alone = Library(tiny_library.guides)

    train(alone, glossary, make_repairer(alone, glossary), tmp_path, steps=2)

    assert StaticEncoder(tmp_path).encode(["thẻ"]).any()


def test_what_is_kept_is_small_and_read_by_sentence_transformers_alike(trained: dict[str, Path]):
    from sentence_transformers import SentenceTransformer

    kept = load_file(trained["first"] / "model.safetensors")
    model = SentenceTransformer(str(trained["first"]), device="cpu")

    texts = ["quên mật khẩu vneid", "mất thẻ"]
    expected = model.encode([joined_features(text) for text in texts], normalize_embeddings=True)

    assert {name: str(values.dtype) for name, values in kept.items()} == {
        "embeddings": "int8", "weights": "float32"
    }  # fmt: skip
    np.testing.assert_allclose(StaticEncoder(trained["first"]).encode(texts), expected, rtol=0, atol=1e-6)


def test_a_text_is_given_to_the_tokenizer_as_its_features():
    assert joined_features("ok") == "f:ok c:<ok c:ok> c:<ok>"
    assert joined_features("") == "[UNK]"


# --- What a model was trained on ------------------------------------------------------------------


def test_a_model_remembers_what_it_was_trained_on(tiny_library: Library, tmp_path: Path):
    assert read_trained_on(tmp_path) is None

    write_trained_on(tmp_path, tiny_library)

    assert read_trained_on(tmp_path) == content_hash(tiny_library)


def test_any_change_of_the_content_makes_it_other_content(tiny_library: Library):
    guides = dict(tiny_library.guides)
    fewer = {slug: guide for slug, guide in guides.items() if slug != "kn-wifi"}
    elsewhere = tiny_library.elsewhere

    hashes = [
        content_hash(library)
        for library in (
            tiny_library,
            Library(fewer, elsewhere),
            Library(guides, {}),
            Library(guides, {"small_talk": elsewhere["small_talk"]}),
            Library(guides, {**elsewhere, "small_talk": ("chào",)}),
        )
    ]

    assert len(set(hashes)) == len(hashes)
    assert content_hash(Library(guides, dict(elsewhere))) == hashes[0]
