"""What the tests of retrieval share: the shipped engine, tiny guides, and an encoder without a model."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from knowledge.glossary import Glossary, load_glossary
from knowledge.guide import Guide, parse_guide
from knowledge.library import Library, library_of, load_library
from retrieval.encoder import MODEL, StaticEncoder, Vectors, unit
from retrieval.engine import Engine, build_engine
from retrieval.features import features
from tests.knowledge.test_guide import guide_text

# A busy machine is no failure.
settings.register_profile("without_deadline", deadline=None)
settings.load_profile("without_deadline")


class HashEncoder:
    """Keeps the promise of an `Encoder` without a model: each feature has a place by its checksum."""

    dimension = 4096

    def encode(self, texts: Sequence[str], *, as_passages: bool = False) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for feature in features(text):
                vectors[row, zlib.crc32(feature.encode()) % self.dimension] += 1
        return unit(vectors)


def tiny_guide(slug: str, title: str, *questions: str) -> Guide:
    text = guide_text(("title: Bật loa điện thoại", f"title: {title}"))
    return replace(parse_guide(Path(f"{slug}.md"), text), questions=questions)


@pytest.fixture(scope="session")
def tiny_library() -> Library:
    guides = [
        tiny_guide("kn-wifi", "Nối Wi-Fi", "nối mạng không dây", "mất mạng ở nhà", "máy không vào được mạng"),
        tiny_guide(
            "tt-the", "Mất thẻ ngân hàng", "rơi mất thẻ ngân hàng", "khóa thẻ gấp", "thẻ bị nuốt ở cây"
        ),
        tiny_guide("vneid-quen", "Quên mật khẩu VNeID", "không nhớ mật khẩu vneid", "lấy lại mật khẩu vneid"),
    ]
    elsewhere = {"small_talk": ("chào cháu nhé", "cháu khỏe không"), "out_of_scope": ("hôm nay trời mưa to",)}
    return library_of(guides, elsewhere)


@pytest.fixture(scope="session")
def glossary() -> Glossary:
    return load_glossary()


@pytest.fixture(scope="session")
def tiny_engine(tiny_library: Library, glossary: Glossary) -> Engine:
    return build_engine(tiny_library, glossary, HashEncoder())


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="session")
def engine(library: Library, glossary: Glossary) -> Engine:
    """The one that is shipped; seconds to build."""
    return build_engine(library, glossary, StaticEncoder())


@pytest.fixture(scope="session")
def sentence_transformer() -> Any:
    """The shipped model as sentence-transformers reads it; seconds to import."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(MODEL), device="cpu")
