import numpy as np
import pytest

from studies.protocols import Rules, two_up

PAIR = ["left", "right"]


@pytest.mark.parametrize("chosen", ["a", "b", "skip"])
def test_read_when_one_of_the_words_stores_it(chosen: str) -> None:
    assert two_up.read({"chosen": chosen}, PAIR, Rules()) == {"chosen": chosen}


def test_read_when_a_tie_is_not_allowed_names_what_is() -> None:
    with pytest.raises(ValueError, match="chosen: must be one of a, b, skip, got 'tie'"):
        two_up.read({"chosen": "tie"}, PAIR, Rules())
    assert two_up.read({"chosen": "tie"}, PAIR, Rules(tie=True)) == {"chosen": "tie"}


@pytest.mark.parametrize("chosen", ["left", "A", None, True, ["a"], {"a": 1}, ""])
def test_read_when_another_word_refuses(chosen: object) -> None:
    with pytest.raises(ValueError, match="chosen: must be one of"):
        two_up.read({"chosen": chosen}, PAIR, Rules(tie=True))


@pytest.mark.parametrize("gap", [0.0, 0.5, 2.0])
def test_simulate_chooses_as_bradley_terry_says(gap: float) -> None:
    rng = np.random.default_rng(3)
    utility = {"left": gap, "right": 0.0}
    share = np.mean([two_up.simulate(PAIR, utility, rng)["chosen"] == "a" for _ in range(4000)])
    assert share == pytest.approx(1 / (1 + np.exp(-gap)), abs=0.03)
