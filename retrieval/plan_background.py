"""What a plan's index takes from other texts (the questions of the guides): words for repairs, and pairs.

Counted once and shared by the indexes of all plans, so that an approved plan is answered from soon.
"""

from collections.abc import Iterable

from knowledge.glossary import Glossary
from knowledge.plan_words import PlanWords
from retrieval.plan_query import Forms, Pairs
from retrieval.repair import Repairer
from retrieval.spelling import Vocabulary


class PlanBackground:
    def __init__(self, glossary: Glossary, words: PlanWords, texts: Iterable[str] = ()) -> None:
        self.words, self.forms = words, Forms(words.same)
        self._glossary, texts = glossary, tuple(texts)
        self._vocabulary = Vocabulary([*texts, *words.spelt()])
        self._pairs = Pairs(map(self.forms.read, texts))

    def repairer(self, texts: Iterable[str]) -> Repairer:
        """Reads slips against the words of `texts`, too."""
        return Repairer(self._glossary, Vocabulary(texts, beside=self._vocabulary))

    def common_pairs(self, texts: Iterable[str]) -> list[str]:
        """Neighbouring syllables that hold together here and in `texts`."""
        return Pairs(map(self.forms.read, texts), beside=self._pairs).common()
