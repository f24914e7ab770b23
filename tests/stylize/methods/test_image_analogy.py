"""Deep Image Analogy: pixels of the style, matches that only improve, the card's fixed point."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from skimage import data
from torch import Tensor

from stylize import encoders, imaging
from stylize.methods.image_analogy import BLENDS, METHOD, PATCHES, RADII, Parameters, fields
from stylize.record import Run
from stylize.solvers.patchmatch import linear_field


def photograph(longest: int, name: str = "astronaut") -> Tensor:
    array = imaging.resize_to_longest(getattr(data, name)(), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def matches(
    content: Tensor, style: Tensor, parameters: Parameters, seed: int = 0
) -> tuple[Tensor, Tensor]:
    encoder = encoders.get("pyramid", "cpu").fitted(content, style)
    return fields(encoder, content, style, parameters, Run(seed))


def test_fields_when_style_is_the_content_stay_the_identity() -> None:
    content = photograph(64)
    forth, back = matches(content, content, Parameters(iterations=3))
    identity = linear_field((64, 64), (64, 64))
    # The recoloured content differs by rounding; in flat regions another pixel may be as near.
    for field in (forth, back):
        assert (field == identity).all(-1).double().mean() > 0.99
    result = METHOD.apply(content, content, Parameters(iterations=3), Run(0))
    torch.testing.assert_close(result, content, atol=1e-6, rtol=0)


def test_fields_of_unequal_sizes_stay_within_both_pictures() -> None:
    content, style = photograph(72)[..., :50], photograph(80, "coffee")
    forth, back = matches(content, style, Parameters(iterations=2))
    height, width = style.shape[2:]
    assert forth.shape == (72, 50, 2)
    assert back.shape == (height, width, 2)
    assert forth.min() >= 0
    assert (forth.amax((0, 1)) < torch.tensor((height, width))).all()
    assert back.min() >= 0
    assert (back.amax((0, 1)) < torch.tensor((72, 50))).all()


def test_stylize_takes_every_pixel_from_the_style() -> None:
    content, style = photograph(64), 0.3 + 0.3 * photograph(60, "coffee")
    result = METHOD.apply(content, style, Parameters(iterations=2), Run(0))
    low, high = style.amin((2, 3)), style.amax((2, 3))
    assert (result.amin((2, 3)) >= low - 1e-6).all()
    assert (result.amax((2, 3)) <= high + 1e-6).all()


def test_stylize_keeps_light_and_dark_of_the_content_better_than_the_start() -> None:
    content, style = photograph(64), photograph(64, "coffee")

    def alike(iterations: int) -> float:
        result = METHOD.apply(content, style, Parameters(iterations=iterations), Run(0))
        return float(
            torch.corrcoef(torch.stack([result.mean(1).flatten(), content.mean(1).flatten()]))[0, 1]
        )

    assert alike(6) > alike(0) + 0.3
    assert alike(6) > 0.6


def test_fields_when_the_contents_structure_counts_alone_know_nothing_of_the_style_given_so_far(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """α = 1 and τ = 0: A' has A's features, B has those of B', whatever was found before."""
    monkeypatch.setitem(BLENDS, "3", (1.0, 1.0, 1.0, 1.0))
    content, style = photograph(48), photograph(48, "coffee")
    seen: list[float] = []

    def watched(self: object, other: object, share: Tensor) -> object:
        seen.append(float(share.min()))
        return self

    parameters = Parameters(iterations=1, threshold=0.0)
    forth, _ = matches(content, style, parameters)
    monkeypatch.setattr("stylize.methods.image_analogy.Level.blended", watched)
    alone, _ = matches(content, style, parameters)
    assert seen
    assert set(seen) == {1.0}
    assert torch.equal(forth, alone)


def test_blends_fall_from_coarse_to_fine_and_rise_from_1_to_3() -> None:
    for shares in BLENDS.values():
        assert len(shares) == len(RADII) == len(PATCHES) - 1
        assert list(shares) == sorted(shares)
    ordered = [BLENDS[key] for key in "123"]
    for less, more in pairwise(ordered):
        assert all(one < other for one, other in zip(less, more, strict=True))


def test_stylize_when_refined_keeps_the_contents_texture() -> None:
    """Photo to photo: grain stays the content's, colours turn to the style's."""
    generator = torch.Generator().manual_seed(0)
    content = (photograph(64) * 0.8 + 0.1 * torch.rand(1, 3, 64, 64, generator=generator)).clamp(
        0, 1
    )
    style = photograph(64, "coffee")
    plain = METHOD.apply(content, style, Parameters(iterations=2), Run(0))
    fine = METHOD.apply(content, style, Parameters(iterations=2, refine=True), Run(0))

    def detail(image: Tensor) -> Tensor:
        return (image - torch.nn.functional.avg_pool2d(image, 3, 1, 1)).flatten()

    kept = torch.corrcoef(torch.stack([detail(fine), detail(content)]))[0, 1]
    lost = torch.corrcoef(torch.stack([detail(plain), detail(content)]))[0, 1]
    assert kept > 0.9
    assert kept > lost + 0.2


def test_stylize_when_the_seed_differs_finds_other_matches_of_the_same_quality() -> None:
    content, style = photograph(48), photograph(48, "coffee")
    one = METHOD.apply(content, style, Parameters(iterations=4), Run(0))
    other = METHOD.apply(content, style, Parameters(iterations=4), Run(1))
    assert not torch.equal(one, other)
    assert (one - other).abs().mean() < 0.1


def test_stylize_when_colours_weigh_more_comes_nearer_to_the_recoloured_content() -> None:
    content, style = photograph(48), photograph(48, "coffee").flip(1)
    parameters = Parameters(iterations=4)
    results = [
        METHOD.apply(content, style, replace(parameters, colour_weight=weight), Run(0))
        for weight in (0.0, 4.0)
    ]

    def light(image: Tensor) -> Tensor:
        return torch.corrcoef(torch.stack([image.mean(1).flatten(), content.mean(1).flatten()]))[
            0, 1
        ]

    assert light(results[1]) > light(results[0])
