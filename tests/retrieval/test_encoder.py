"""Texts → unit vectors: our own model without torch, and any other through sentence-transformers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from knowledge.glossary import Glossary
from knowledge.library import Library
from retrieval.encoder import MODEL, Encoder, StaticEncoder, TransformerEncoder, open_encoder, unit
from retrieval.engine import build_engine
from retrieval.passages import chunk_guides
from retrieval.text import fold, normalise
from retrieval.train import joined_features


@pytest.fixture(scope="module")
def static() -> StaticEncoder:
    return StaticEncoder()


# --- Our own --------------------------------------------------------------------------------------


def test_our_model_gives_the_vectors_of_sentence_transformers(
    static: StaticEncoder, sentence_transformer: Any, library: Library
):
    passages = chunk_guides(library.guides.values())
    ours = [normalise(passage.text) for passage in passages[:: len(passages) // 24]][:24]
    texts = [*ours, *(fold(text) for text in ours), "xyzq 中文", "quen mat khau vneid lam sao"]
    assert len(texts) == 50

    expected = sentence_transformer.encode(
        [joined_features(text) for text in texts], normalize_embeddings=True
    )

    np.testing.assert_allclose(static.encode(texts), expected, rtol=0, atol=1e-6)


def test_the_shipped_model_says_how_large_it_is(static: StaticEncoder):
    vocabulary = json.loads((MODEL / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]

    assert (static.features, static.dimension) == (len(vocabulary), 192)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of two features over two dimensions."""
    vocabulary = {"[UNK]": 0, "f:loa": 1, "f:to": 2}
    rows = np.array([[0, 0], [127, 0], [0, 127]], dtype=np.int8)
    weights = np.array([0, 3, 4], dtype=np.float32) / 127
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}), encoding="utf-8")
    save_file({"embeddings": rows, "weights": weights}, tmp_path / "model.safetensors")
    return tmp_path


def test_a_text_is_the_sum_of_its_features_with_length_1(folder: Path):
    vectors = StaticEncoder(folder).encode(["loa", "loa to", "to to loa"])

    np.testing.assert_allclose(vectors, [[1, 0], [0.6, 0.8], [3 / 73**0.5, 8 / 73**0.5]], atol=1e-6)


def test_an_unknown_feature_adds_nothing(folder: Path):
    encoder = StaticEncoder(folder)

    assert encoder.encode(["loa xyz"]).tolist() == encoder.encode(["loa"]).tolist()


def test_a_text_without_known_features_is_zeros_and_no_error(folder: Path):
    assert StaticEncoder(folder).encode(["", "xyz"]).tolist() == [[0, 0], [0, 0]]


def test_no_texts_give_no_rows(static: StaticEncoder):
    assert static.encode([]).shape == (0, 192)


def test_rows_come_in_the_order_of_their_texts(static: StaticEncoder):
    texts = ["quên mật khẩu", "mất thẻ", "quên mật khẩu"]

    together = static.encode(texts)

    assert together.tolist() == [static.encode([text])[0].tolist() for text in texts]


def test_every_row_is_32_bits_wide_with_length_1(static: StaticEncoder):
    vectors = static.encode(["quên mật khẩu", "chuyển tiền nhầm"])

    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_a_row_of_zeros_stays_zeros():
    assert unit(np.array([[0, 0], [3, 4]], dtype=np.float32)).tolist() == [[0, 0], pytest.approx([0.6, 0.8])]


# --- Any other ------------------------------------------------------------------------------------

WORDS = "quên mật khẩu vneid mất thẻ ngân hàng nối mạng tìm: đoạn: hỏi:".split()


def save_transformer(folder: Path, *, prompts: dict[str, str] | None = None) -> Path:
    """A tiny transformer of random weights, made and saved as a user's own model would be."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(7)
    vocabulary = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS])}
    words = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    )
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    parts, whole = folder / "parts", folder / "whole"
    BertModel(config).save_pretrained(parts)
    tokenizer.save_pretrained(parts)
    transformer = Transformer(str(parts))
    model = SentenceTransformer(modules=[transformer, Pooling(16)], prompts=prompts, device="cpu")
    model.save(str(whole), create_model_card=False)
    return whole


@pytest.fixture(scope="session")
def transformer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_transformer(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def transformer(transformer_folder: Path) -> Encoder:
    return open_encoder(str(transformer_folder))


def test_another_model_gives_unit_rows_of_its_own_width(transformer: Encoder):
    vectors = transformer.encode(["quên mật khẩu", "mất thẻ ngân hàng", "xyz"])

    assert isinstance(transformer, TransformerEncoder)
    assert (vectors.shape, vectors.dtype, transformer.dimension) == ((3, 16), np.float32, 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_another_model_keeps_the_order_of_texts_of_any_length(transformer: Encoder):
    texts = ["quên mật khẩu vneid", "thẻ", "nối mạng"]

    alone = [transformer.encode([text])[0] for text in texts]

    np.testing.assert_allclose(transformer.encode(texts), alone, atol=1e-5)


def test_another_model_gives_no_rows_for_no_texts(transformer: Encoder):
    assert transformer.encode([]).shape == (0, 16)


def test_prompts_are_put_before_questions_and_passages(transformer_folder: Path, transformer: Encoder):
    prompted = open_encoder(str(transformer_folder), prompt="tìm: ", passage_prompt="đoạn: ")

    question = prompted.encode(["mất thẻ"])
    passage = prompted.encode(["mất thẻ"], as_passages=True)

    np.testing.assert_allclose(question, transformer.encode(["tìm: mất thẻ"]), atol=1e-5)
    np.testing.assert_allclose(passage, transformer.encode(["đoạn: mất thẻ"]), atol=1e-5)
    assert not np.allclose(question, passage, atol=1e-3)
    assert not np.allclose(question, transformer.encode(["mất thẻ"]), atol=1e-3)


def test_without_prompts_questions_and_passages_are_encoded_alike(transformer: Encoder):
    question, passage = transformer.encode(["mất thẻ"]), transformer.encode(["mất thẻ"], as_passages=True)

    np.testing.assert_allclose(question, passage, atol=1e-6)


def test_the_prompts_that_a_model_brings_are_used_unless_others_are_set(tmp_path: Path, transformer: Encoder):
    folder = str(save_transformer(tmp_path, prompts={"query": "tìm: ", "passage": "đoạn: "}))
    its_own, other = open_encoder(folder), open_encoder(folder, prompt="hỏi: ")

    np.testing.assert_allclose(its_own.encode(["thẻ"]), transformer.encode(["tìm: thẻ"]), atol=1e-5)
    np.testing.assert_allclose(
        its_own.encode(["thẻ"], as_passages=True), transformer.encode(["đoạn: thẻ"]), atol=1e-5
    )
    np.testing.assert_allclose(other.encode(["thẻ"]), transformer.encode(["hỏi: thẻ"]), atol=1e-5)


def test_an_engine_asks_with_the_one_prompt_and_searches_in_texts_with_the_other(
    transformer_folder: Path, tiny_library: Library, glossary: Glossary
):
    def nearest(**prompts: str) -> float:
        encoder = open_encoder(str(transformer_folder), **prompts)
        evidence = build_engine(tiny_library, glossary, encoder).evidence("mất thẻ ngân hàng")
        return float(evidence.nearest.max())

    # "Mất thẻ ngân hàng" is a title: with the same prompt, or none, on both sides it is found as it stands.
    assert nearest() == pytest.approx(1.0, abs=1e-5)
    assert nearest(prompt="tìm: ", passage_prompt="tìm: ") == pytest.approx(1.0, abs=1e-5)
    assert nearest(prompt="tìm: ", passage_prompt="đoạn: ") < 0.999


def test_an_engine_runs_on_another_model(transformer: Encoder, tiny_library: Library, glossary: Glossary):
    engine = build_engine(tiny_library, glossary, transformer)

    assert engine.ask("mất thẻ ngân hàng").candidates[0].guide == "tt-the"


def test_without_a_name_our_own_model_is_opened():
    assert isinstance(open_encoder(None), StaticEncoder)
    assert isinstance(open_encoder(""), StaticEncoder)
