"""The content itself: the hidden reference of subjective tests, an anchor for every scale."""

from dataclasses import dataclass

from torch import Tensor

from stylize.methods.base import Method
from stylize.record import Citation, Run


@dataclass(frozen=True)
class Parameters:
    """There is nothing to choose."""


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Return `contents`, (B, 3, H, W), unchanged."""
    return contents.clone()


METHOD = Method(
    key="identity",
    title="Identity",
    citation=Citation(
        authors=("International Telecommunication Union",),
        year=2023,
        title="Methodologies for the subjective assessment of the quality of television images",
        venue="Recommendation ITU-R BT.500-15",
    ),
    parameters=Parameters,
    stylize=stylize,
    summary="The content itself, unchanged: shows whether people like stylization at all.",
)
