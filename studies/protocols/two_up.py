"""Two-up: two pictures at random, forced choice. Analysis: bradley_terry."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studies.protocols.base import Protocol, Rules, require_object


def read(content: Any, addresses: Sequence[str], rules: Rules) -> dict[str, Any]:
    """Check `{"chosen": "a" | "b" | "tie" | "skip"}`; a is the first of the two addresses.

    Raises:
        ValueError: What came and what would be right.
    """
    chosen = require_object(content, "chosen")["chosen"]
    allowed = ["a", "b", *(["tie"] if rules.tie else []), "skip"]
    if chosen not in allowed:
        raise ValueError(f"chosen: must be one of {', '.join(allowed)}, got {chosen!r:.40}")
    return {"chosen": chosen}


def simulate(
    addresses: Sequence[str], utility: Mapping[str, float], rng: np.random.Generator
) -> dict[str, Any]:
    """Choose by Bradley-Terry: P(a) = 1 / (1 + exp(u_b - u_a)), utilities in logits."""
    a, b = addresses
    probability = 1.0 / (1.0 + np.exp(utility[b] - utility[a]))
    return {"chosen": "a" if rng.random() < probability else "b"}


PROTOCOL = Protocol("two_up", "Two-up", 2, False, read, simulate)
