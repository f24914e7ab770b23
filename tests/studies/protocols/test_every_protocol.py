"""What every protocol promises, whatever a browser or an attacker sends."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.protocols import PROTOCOLS, Protocol, Rules

ADDRESSES = ["aaaa", "bbbb"]
EVERY = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
nearly = st.fixed_dictionaries(
    {},
    optional={
        "chosen": anything | st.sampled_from(["a", "b", "tie", "skip", "none", "aaaa", "cccc"]),
        "positions": anything | st.dictionaries(st.sampled_from([*ADDRESSES, "cccc"]), anything),
        "moves": anything
        | st.lists(st.tuples(st.integers(-1, 2), st.floats(), st.none() | st.floats()).map(list)),
        "window": anything
        | st.fixed_dictionaries({"width": anything, "pixel_ratio": st.floats(0, 4)}),
    },
)


@EVERY
@given(content=anything | nearly, tie=st.booleans(), none=st.booleans())
@settings(max_examples=150, deadline=None)
def test_read_when_given_anything_stores_json_or_raises_value_error(
    protocol: Protocol, content: Any, tie: bool, none: bool
) -> None:
    rules = Rules(tie=tie, none=none)
    try:
        stored = protocol.read(content, ADDRESSES, rules)
    except ValueError as error:
        sentence = str(error)
    else:
        sentence = ""
        assert json.loads(json.dumps(stored, allow_nan=False)) == stored
        assert protocol.read(stored, ADDRESSES, rules) == stored
    assert "\n" not in sentence
    assert len(sentence) < 200


@EVERY
def test_read_when_skipped_stores_skip(protocol: Protocol) -> None:
    assert protocol.read({"chosen": "skip"}, ADDRESSES, Rules()) == {"chosen": "skip"}


@EVERY
@pytest.mark.parametrize("content", [None, [], "a", 3, {}, {"chosen": "a", "more": 1}])
def test_read_when_no_answer_says_what_came(protocol: Protocol, content: Any) -> None:
    with pytest.raises(ValueError, match="content: must"):
        protocol.read(content, ADDRESSES, Rules())


@EVERY
def test_simulate_makes_answers_that_read_takes_as_they_are(protocol: Protocol) -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        made = protocol.simulate(ADDRESSES, {"aaaa": 0.0, "bbbb": 1.0}, rng)
        assert protocol.read(made, ADDRESSES, Rules()) == made


@EVERY
def test_simulate_when_the_seed_is_the_same_answers_the_same(protocol: Protocol) -> None:
    utility = {"aaaa": 0.0, "bbbb": 1.0}
    made = [protocol.simulate(ADDRESSES, utility, np.random.default_rng(5)) for _ in range(2)]
    assert made[0] == made[1]


@EVERY
def test_pages_and_scripts_are_named_after_the_key(protocol: Protocol) -> None:
    assert protocol.template == f"participant/trial/_{protocol.key}.html"
    assert protocol.script == f"js/trial/{protocol.key}.js"
    assert PROTOCOLS[protocol.key] is protocol


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**53), 2**53))
def test_positions_come_through_json_to_the_last_bit(x: float, whole: int) -> None:
    sent = json.loads(json.dumps({"positions": {"aaaa": x, "bbbb": whole}}))
    stored = PROTOCOLS["rating_scale"].read(sent, ADDRESSES, Rules())["positions"]
    back = json.loads(json.dumps(stored))
    assert math.copysign(1, back["aaaa"]) == math.copysign(1, x)
    assert back == {"aaaa": x, "bbbb": float(whole)}
