"""Poisson blending as a method: what the solver promises arrives, on the pair of a paper too."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from stylize import imaging
from stylize.methods.poisson_blending import METHOD, Parameters
from stylize.record import Guides, Run

PICTURES = Path(__file__).parents[4] / "shared" / "data" / "images"


def noise(seed: int, height: int = 24, width: int = 30) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def guides(height: int = 24, width: int = 30) -> Guides:
    labels = np.zeros((height, width), np.uint8)
    labels[6:15, 8:22] = 1
    return Guides(labels, np.zeros_like(labels))


def test_apply_outside_the_element_is_the_painting() -> None:
    composite, painting = noise(0), noise(1)
    result = METHOD.apply(composite, painting, Parameters(), Run(0, guides=guides()))
    outside = torch.from_numpy(guides().content_labels != 1)
    assert torch.equal(result[..., outside], painting[..., outside])
    assert not torch.equal(result, painting)


def test_apply_when_the_element_is_the_painting_and_a_constant_gives_the_painting() -> None:
    painting = 0.2 + 0.5 * noise(1)
    for mixed in (False, True):
        parameters = Parameters(mixed=mixed)
        result = METHOD.apply(painting + 0.1, painting, parameters, Run(0, guides=guides()))
        torch.testing.assert_close(result, painting, atol=1e-6, rtol=0)


def test_apply_when_shapes_differ_refuses_and_a_larger_painting_is_resized() -> None:
    run = Run(0, guides=Guides(guides().content_labels, np.zeros((48, 70), np.uint8)))
    with pytest.raises(ValueError, match=r"^styles: 70×48 px, must have the shape of contents"):
        METHOD.apply(noise(0), noise(1, 48, 70), Parameters(), run)
    run = Run(0, guides=Guides(guides().content_labels, np.zeros((48, 60), np.uint8)))
    result = METHOD.apply(noise(0), noise(1, 48, 60), Parameters(), run)
    assert result.shape == (1, 3, 24, 30)
    assert len(run.notes) == 1


def seam(image: Tensor, inside: Tensor) -> Tensor:
    """Steps between pixels of the element and their neighbours outside, all channels."""
    steps = [
        image.diff(dim=2)[..., inside[1:] ^ inside[:-1]],
        image.diff(dim=3)[..., inside[:, 1:] ^ inside[:, :-1]],
    ]
    return torch.cat(steps, -1).abs()


def test_apply_to_a_naive_composite_takes_its_seam_away_and_keeps_what_is_inside() -> None:
    painting = torch.linspace(0.2, 0.4, 30).expand(1, 3, 24, 30)
    inside = torch.from_numpy(guides().content_labels == 1)
    pasted = 0.7 + 0.1 * (noise(0) - 0.5)
    composite = torch.where(inside, pasted, painting)
    result = METHOD.apply(composite, painting, Parameters(), Run(0, guides=guides()))
    assert seam(composite, inside).mean() > 0.3
    assert seam(result, inside).mean() < 0.03
    both = inside[:, 1:] & inside[:, :-1]
    one, other = (each.diff(dim=3)[..., both].flatten() for each in (result, composite))
    assert torch.corrcoef(torch.stack([one, other]))[0, 1] > 0.9


def test_apply_to_an_element_with_its_own_surroundings_keeps_their_gradients() -> None:
    """Not pasted yet: the edge of the picture that it comes from is one inside the painting, too."""
    painting = torch.full((1, 3, 24, 30), 0.8)
    inside = torch.from_numpy(guides().content_labels == 1)
    source = torch.where(inside, 0.5, 0.3).expand(1, 3, 24, 30).contiguous()
    result = METHOD.apply(source, painting, Parameters(), Run(0, guides=guides()))
    torch.testing.assert_close(seam(result, inside), torch.full_like(seam(result, inside), 0.2))


@pytest.mark.skipif(
    not PICTURES.is_dir(), reason="reference data is not here: the authors' naive composite"
)
def test_apply_on_the_authors_pair_has_no_step_at_the_elements_border() -> None:
    def load(name: str) -> Tensor:
        with Image.open(PICTURES / name) as file:
            array = np.asarray(file.convert("RGB"))
        return torch.from_numpy(imaging.to_planes(imaging.resize_to_longest(array, 128)))[None]

    composite, painting = load("dph_0_naive.jpg"), load("dph_0_target.jpg")
    labels = (load("dph_0_mask_loose.jpg")[0, 0] > 0.5).numpy().astype(np.uint8)
    run = Run(0, guides=Guides(labels, np.zeros_like(labels)))
    result = METHOD.apply(composite, painting, Parameters(), run)
    inside = torch.from_numpy(labels == 1)
    assert torch.equal(result[..., ~inside], painting[..., ~inside])
    assert seam(result, inside).mean() < 0.85 * seam(composite, inside).mean()
    # The element itself is kept: its lightness rises and falls where the composite's does.
    one, other = result.mean(1)[0][inside], composite.mean(1)[0][inside]
    assert torch.corrcoef(torch.stack([one, other]))[0, 1] > 0.7
