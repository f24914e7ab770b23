"""Parameters as every method declares them: described for forms, validated from outside."""

import json
from dataclasses import FrozenInstanceError, dataclass

import pytest

from stylize.record import Cancelled, Citation, Run, describe, parameter, validated


@dataclass(frozen=True)
class Parameters:
    strength: float = parameter(1.0, low=0.0, high=1.0, help="How much.")
    rounds: int = parameter(3, low=1, help="How often.")
    space: str = parameter("rgb", choices=("rgb", "lab"), help="Where.")
    masked: bool = parameter(False, help="Whether.")
    note: str = parameter("", help="Anything.")


def test_describe_says_everything_a_form_needs_in_order_and_is_json() -> None:
    described = describe(Parameters)
    assert [each["name"] for each in described] == ["strength", "rounds", "space", "masked", "note"]
    assert described[0] == {
        "name": "strength",
        "type": "float",
        "default": 1.0,
        "low": 0.0,
        "high": 1.0,
        "choices": None,
        "help": "How much.",
    }
    assert described[1]["type"] == "int"
    assert described[1]["high"] is None
    assert described[2]["choices"] == ["rgb", "lab"]
    assert described[3]["type"] == "bool"
    assert json.loads(json.dumps(described)) == described


def test_describe_when_a_field_has_no_default_or_another_type_names_it() -> None:
    @dataclass(frozen=True)
    class Bare:
        width: int

    @dataclass(frozen=True)
    class Odd:
        sizes: tuple[int, ...] = (1, 2)

    with pytest.raises(ValueError, match="width: has no default"):
        describe(Bare)
    with pytest.raises(ValueError, match="sizes: has type"):
        describe(Odd)


def test_validated_when_nothing_is_given_is_the_defaults() -> None:
    assert validated(Parameters, {}) == Parameters()


def test_validated_takes_whole_numbers_for_floats_and_bounds_included() -> None:
    made = validated(Parameters, {"strength": 1, "rounds": 1, "space": "lab", "masked": True})
    assert made == Parameters(1.0, 1, "lab", True)
    assert type(made.strength) is float


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"strenght": 1.0}, "strenght: is no parameter here, must be one of masked, note, rounds"),
        ({"strength": 1.5}, r"strength: came 1.5, must be a finite number from 0.0 to 1.0"),
        ({"strength": -0.1}, r"strength: came -0.1, must be a finite number from 0.0 to 1.0"),
        ({"strength": float("nan")}, "strength: came nan, must be a finite number"),
        ({"strength": float("inf")}, "strength: came inf, must be a finite number"),
        ({"strength": "1.0"}, "strength: came '1.0', must be a finite number"),
        ({"strength": True}, "strength: came True, must be a finite number"),
        ({"strength": None}, "strength: came None, must be a finite number"),
        ({"rounds": 0}, "rounds: came 0, must be a whole number of at least 1"),
        ({"rounds": 2.0}, "rounds: came 2.0, must be a whole number"),
        ({"rounds": True}, "rounds: came True, must be a whole number"),
        ({"space": "LAB"}, "space: came 'LAB', must be one of rgb, lab"),
        ({"space": 3}, "space: came 3, must be one of rgb, lab"),
        ({"masked": 1}, "masked: came 1, must be true or false"),
        ({"note": 1}, "note: came 1, must be a text"),
    ],
)
def test_validated_when_a_value_is_wrong_says_which_what_and_what_would_be_right(
    values: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence) as refusal:
        validated(Parameters, values)
    assert "\n" not in str(refusal.value)


def test_parameters_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Parameters().strength = 0.5  # type: ignore[misc]


def test_run_part_fills_its_share_of_the_progress_and_keeps_the_notes() -> None:
    told: list[float] = []
    run = Run(7, progress=told.append)
    part = run.part(0.25, 0.75)
    part.progress(0.0)
    part.progress(0.5)
    part.progress(1.0)
    part.notes.append("A fallback.")
    assert told == [0.25, 0.5, 0.75]
    assert part.seed == 7
    assert run.notes == ["A fallback."]


def test_run_part_lets_cancelled_pass() -> None:
    def stop(fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        Run(0, progress=stop).part(0, 1).progress(0.5)


def test_citation_knows_its_first_author() -> None:
    assert Citation(("François Pitié", "Anil Kokaram"), 2007, "T", "V").first_author[:3] == "Fra"
