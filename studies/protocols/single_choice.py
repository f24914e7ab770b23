"""Single choice: pick the preferred picture from all of a scene. Analysis: luce."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studies.protocols.base import Protocol, Rules, require_object


def read(content: Any, addresses: Sequence[str], rules: Rules) -> dict[str, Any]:
    """Check `{"chosen": <stimulus address> | "none" | "skip"}`.

    Raises:
        ValueError: What came and what would be right.
    """
    chosen = require_object(content, "chosen")["chosen"]
    if chosen == "skip" or (chosen == "none" and rules.none) or chosen in addresses:
        return {"chosen": chosen}
    words = "none, skip" if rules.none else "skip"
    raise ValueError(
        f"chosen: must be the address of one of the trial's stimuli or {words}, got {chosen!r:.40}"
    )


def simulate(
    addresses: Sequence[str], utility: Mapping[str, float], rng: np.random.Generator
) -> dict[str, Any]:
    """Choose by Luce: P(i) proportional to exp(u_i), as the largest of u + Gumbel noise."""
    noisy = [utility[address] + rng.gumbel() for address in addresses]
    return {"chosen": addresses[int(np.argmax(noisy))]}


PROTOCOL = Protocol("single_choice", "Single choice", None, False, read, simulate)
