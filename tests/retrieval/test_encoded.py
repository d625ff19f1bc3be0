"""Vectors kept by their texts."""

import numpy as np

from retrieval.encoded import Encoded
from tests.retrieval.conftest import HashEncoder


def test_only_new_texts_are_encoded_and_rows_follow_the_texts():
    encoder = HashEncoder()
    before = Encoded(["mất thẻ", "nối mạng", "chữ to"], encoder)

    after = Encoded(["chữ to", "gọi zalo", "mất thẻ", "gọi zalo"], encoder, before)

    assert (before.fresh, after.fresh) == (3, 1)
    expected = encoder.encode(["chữ to", "gọi zalo", "mất thẻ", "gọi zalo"])
    np.testing.assert_array_equal(after.vectors, expected)


def test_vectors_of_another_encoder_are_not_taken():
    before = Encoded(["mất thẻ"], HashEncoder())

    assert Encoded(["mất thẻ"], HashEncoder(), before).fresh == 1


def test_no_texts_have_no_vectors():
    encoder = HashEncoder()

    nothing = Encoded([], encoder, Encoded(["mất thẻ"], encoder))

    assert nothing.vectors.shape == (0, encoder.dimension)
