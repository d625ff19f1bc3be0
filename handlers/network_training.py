"""Train the small network of the triage (extra `models`): sums of features' rows, a layer, the outputs.

What its first row of numbers is made of is what `handlers.linear_model` adds up; a linear judge over the
same features mistakes more questions for emergencies, and hears fewer emergencies (docs/benchmarks.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTH = 16  # numbers a feature has, and of the layer
EPOCHS, BATCH, LEARNING_RATE = 4, 512, 2e-3
DROPPED_FEATURES, DROPPED_NUMBERS = 0.1, 0.2  # shares, so that no single one decides
WEIGHT_OF_KINDS = 0.5  # beside whether it is one at all
START = 0.01  # spread of the rows at first: of those that hardly change afterwards, nothing is kept

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Network:
    rows: Floats  # (features, WIDTH)
    row_bias: Floats  # (WIDTH,)
    layers: tuple[tuple[Floats, Floats], ...]  # weights (in, out), bias (out,): of the layer, of the outputs


def fit_network(
    found: Sequence[Sequence[str]], labels: Sequence[int], names: Sequence[str], *, kinds: int, seed: int
) -> Network:
    """Its outputs are the log-odds that a text is of any kind, and what speaks for each of `kinds`.

    `labels` are the numbers of kinds; `kinds` itself stands for none of them.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as many give sums in another order
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    rows = torch.nn.EmbeddingBag(len(names), WIDTH, mode="sum")
    torch.nn.init.normal_(rows.weight, std=START)
    row_bias = torch.nn.Parameter(torch.full((WIDTH,), 0.1))
    layer, outputs = torch.nn.Linear(WIDTH, WIDTH), torch.nn.Linear(WIDTH, 1 + kinds)
    above = torch.nn.Sequential(
        torch.nn.ReLU(), torch.nn.Dropout(DROPPED_NUMBERS), layer, torch.nn.ReLU(), outputs
    )
    texts, kind = _numbered(found, names), torch.tensor(labels)
    batches = EPOCHS * (len(texts) // BATCH or 1)
    optimiser = torch.optim.Adam([*rows.parameters(), row_bias, *above.parameters()], lr=LEARNING_RATE)
    slower = torch.optim.lr_scheduler.LinearLR(
        optimiser, start_factor=1.0, end_factor=0.02, total_iters=batches
    )
    for _ in range(EPOCHS):
        for batch in np.array_split(chance.permutation(len(texts)), batches // EPOCHS):
            some = [texts[at][chance.random(len(texts[at])) >= DROPPED_FEATURES] for at in batch]
            lengths = np.array([len(text) for text in some])
            starts = torch.from_numpy(np.cumsum(lengths) - lengths)
            roots = torch.from_numpy(np.sqrt(np.maximum(lengths, 1)).astype(np.float32))
            sums = rows(torch.from_numpy(np.concatenate(some)), starts)
            said = above(sums / roots[:, None] + row_bias)
            is_any = kind[batch] < kinds
            loss = torch.nn.functional.binary_cross_entropy_with_logits(said[:, 0], is_any.float())
            if is_any.any():
                which = torch.nn.functional.cross_entropy(said[is_any, 1:], kind[batch][is_any])
                loss = loss + WEIGHT_OF_KINDS * which
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            slower.step()
    torch.set_num_threads(threads)
    return Network(
        rows.weight.detach().numpy(),
        row_bias.detach().numpy(),
        tuple((part.weight.detach().numpy().T, part.bias.detach().numpy()) for part in (layer, outputs)),
    )


def _numbered(found: Sequence[Sequence[str]], names: Sequence[str]) -> list[NDArray[np.int64]]:
    """Each text as the places of the names it has; one that comes twice is added up."""
    place = {name: at for at, name in enumerate(names)}
    return [np.array([place[name] for name in text if name in place], dtype=np.int64) for text in found]
