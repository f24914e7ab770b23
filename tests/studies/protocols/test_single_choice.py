import numpy as np
import pytest

from studies.protocols import Rules, single_choice

SHOWN = ["x", "y", "z"]


@pytest.mark.parametrize("chosen", [*SHOWN, "skip"])
def test_read_when_an_address_of_the_trial_stores_it(chosen: str) -> None:
    assert single_choice.read({"chosen": chosen}, SHOWN, Rules()) == {"chosen": chosen}


def test_read_when_none_is_not_allowed_says_so() -> None:
    with pytest.raises(ValueError, match=r"must be the address .* or skip, got 'none'"):
        single_choice.read({"chosen": "none"}, SHOWN, Rules())
    assert single_choice.read({"chosen": "none"}, SHOWN, Rules(none=True)) == {"chosen": "none"}


@pytest.mark.parametrize("chosen", ["w", "", None, 0, ["x"], {"x": 1}])
def test_read_when_another_address_refuses(chosen: object) -> None:
    with pytest.raises(ValueError, match="none, skip"):
        single_choice.read({"chosen": chosen}, SHOWN, Rules(none=True))


def test_simulate_chooses_as_luce_says() -> None:
    rng = np.random.default_rng(3)
    utility = {"x": 0.0, "y": 1.0, "z": 2.0}
    chosen = [single_choice.simulate(SHOWN, utility, rng)["chosen"] for _ in range(6000)]
    weights = np.exp([utility[one] for one in SHOWN])
    shares = [chosen.count(one) / len(chosen) for one in SHOWN]
    assert shares == pytest.approx(weights / weights.sum(), abs=0.03)
