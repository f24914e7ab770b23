"""The three protocols, by key. One more is one file and one entry here."""

from studies.protocols import rating_scale, single_choice, two_up
from studies.protocols.base import Protocol, Rules

__all__ = ["PROTOCOLS", "Protocol", "Rules"]

PROTOCOLS: dict[str, Protocol] = {
    protocol.key: protocol
    for protocol in (single_choice.PROTOCOL, two_up.PROTOCOL, rating_scale.PROTOCOL)
}
