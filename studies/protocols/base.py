"""What a protocol declares: its page, its script, what a valid answer is, how a bot answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Rules:
    """What a study allows: a tie (two-up), none (single choice)."""

    tie: bool = False
    none: bool = False


Read = Callable[[Any, Sequence[str], Rules], dict[str, Any]]
Simulate = Callable[[Sequence[str], Mapping[str, float], np.random.Generator], dict[str, Any]]


@dataclass(frozen=True)
class Protocol:
    """One way to ask. `read` checks an answer's content, `simulate` makes one for a taste.

    Attributes:
        key: Stored in the study: "two_up", "single_choice" or "rating_scale".
        title: As shown to researchers.
        stimuli: How many of a scene's stimuli one trial shows; None: all of them.
        agreement: Whether agreement scrolls follow the scenes.
        read: (content, addresses in the order shown, rules) -> the content to store; raises
            ValueError with one sentence: where, what came, what would be right.
        simulate: (addresses in the order shown, utility in logits by address, generator) -> content.
    """

    key: str
    title: str
    stimuli: int | None
    agreement: bool
    read: Read
    simulate: Simulate

    @property
    def template(self) -> str:
        """The page's part that holds this protocol's trial."""
        return f"participant/trial/_{self.key}.html"

    @property
    def script(self) -> str:
        """The static path of the ES module that runs a trial."""
        return f"js/trial/{self.key}.js"


def require_object(content: Any, *keys: str) -> dict[str, Any]:
    """Return content if it is an object with exactly these keys.

    Raises:
        ValueError: Naming what came instead.
    """
    if not isinstance(content, dict):
        raise ValueError(f"content: must be an object, got {type(content).__name__}")
    if set(content) != set(keys):
        got = sorted(map(str, content))
        raise ValueError(f"content: must hold exactly {', '.join(keys)}, got {got!r:.60}")
    return content
