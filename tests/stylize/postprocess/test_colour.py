"""Gatys et al. 2016, "Preserving Color": the result's luminance with the content's chroma."""

import pytest
import torch

from stylize.postprocess import registry
from stylize.postprocess.colour import keep_colour
from stylize.record import Run

# The paper's YIQ (NTSC 1953); rows are Y, I, Q.
YIQ = torch.tensor(
    [[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]]
)


def _pictures(seed: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(2, 3, 9, 7, generator=generator)


def _yiq(images: torch.Tensor) -> torch.Tensor:
    return torch.einsum("ij,bjhw->bihw", YIQ, images)


def test_luminance_is_the_results_everywhere() -> None:
    results, contents = _pictures(1), _pictures(2)
    kept = _yiq(keep_colour(results, contents, Run(0)))[:, 0]
    torch.testing.assert_close(kept, _yiq(results)[:, 0], atol=1e-5, rtol=0)


def test_chroma_is_the_contents_where_it_fits() -> None:
    results, contents = _pictures(1, 0.4, 0.6), _pictures(2, 0.4, 0.6)
    kept = _yiq(keep_colour(results, contents, Run(0)))[:, 1:]
    torch.testing.assert_close(kept, _yiq(contents)[:, 1:], atol=1e-5, rtol=0)


def test_hue_is_kept_and_chroma_never_grows_where_it_does_not_fit() -> None:
    results, contents = _pictures(1), _pictures(2)
    kept, wanted = _yiq(keep_colour(results, contents, Run(0)))[:, 1:], _yiq(contents)[:, 1:]
    share = (kept * wanted).sum(dim=1, keepdim=True) / (wanted**2).sum(dim=1, keepdim=True)
    torch.testing.assert_close(kept, share * wanted, atol=1e-4, rtol=0)
    assert share.min() >= -1e-4
    assert share.max() <= 1 + 1e-4


def test_content_itself_is_unchanged_and_range_is_kept() -> None:
    contents = _pictures(3)
    torch.testing.assert_close(keep_colour(contents, contents, Run(0)), contents, atol=1e-5, rtol=0)
    kept = keep_colour(torch.ones_like(contents), contents, Run(0))
    torch.testing.assert_close(kept, torch.ones_like(contents))


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="results: shape"):
        keep_colour(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 9), Run(0))


def test_registry_names_it() -> None:
    assert registry()["keep_colour"] is keep_colour
