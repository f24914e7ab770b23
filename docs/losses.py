"""Makes docs/losses.md and its pictures: python docs/losses.py

Per row of the table of losses one scene, optimised with Gram matrices and with the row's loss, and
how far the two are apart in what the row's paper is about. Needs scikit-image for the photograph;
the painting is the painter's. Rows whose method is not in the registry are left out.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from skimage import data
from torch import Tensor
from torch.nn import functional

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from stylize import encoders, imaging, methods  # noqa: E402
from stylize.losses import gram, mmd, normalisation  # noqa: E402
from stylize.losses.base import Prepare, Sight  # noqa: E402
from stylize.losses.depth import depth_loss, haze  # noqa: E402
from stylize.losses.histogram import histograms  # noqa: E402
from stylize.losses.laplacian import laplacian  # noqa: E402
from stylize.losses.loop import content_loss, style_loss  # noqa: E402
from stylize.losses.sizes import stroke  # noqa: E402
from stylize.losses.variation import total_variation  # noqa: E402
from stylize.painter import PAINTINGS  # noqa: E402
from stylize.record import Guides, Run, validated  # noqa: E402

PAGE, PICTURES = ROOT / "docs" / "losses.md", ROOT / "docs" / "images" / "losses"
LONGEST = 160  # px
GUTTER = 4  # px of white between two pictures
PATCH = 5  # px

Measure = Callable[[Tensor, Tensor, Tensor], float]  # picture, content, style


@dataclass(frozen=True)
class Recipe:
    """A method with the parameters that differ from its defaults."""

    key: str
    changes: tuple[tuple[str, object], ...] = ()


GRAM = Recipe("gram")
CENTRED = Recipe("total_variation", (("variation_weight", 0.0),))  # E_style and nothing else


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        number: in the table.
        recipe: with the loss.
        formula: in words.
        measured: what `measure` gives, in words.
        against: the picture on the left.
        left: what that is, in words.
        guided: whether the scene has masks.
    """

    number: str
    recipe: Recipe
    formula: str
    measured: str
    measure: Measure
    against: Recipe = GRAM
    left: str = "Gram"
    guided: bool = False


def photograph() -> Tensor:
    array = imaging.resize_to_longest(data.astronaut(), LONGEST)  # type: ignore[no-untyped-call]
    return torch.from_numpy(imaging.to_planes(array))[None]


def painting() -> Tensor:
    array = PAINTINGS["brush strokes"](np.random.default_rng(1), LONGEST)
    return torch.from_numpy(imaging.to_planes(array))[None]


def halves(images: Tensor) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Two labels that both pictures have: left and right of the middle."""
    labels = np.zeros(images.shape[2:], np.uint8)
    labels[:, labels.shape[1] // 2 :] = 1
    return labels


def rendered(recipe: Recipe, guided: bool) -> Tensor:
    """(1, 3, H, W) of the scene."""
    torch.set_num_threads(1)
    method = methods.registry()[recipe.key]
    content, style = photograph(), painting()
    guides = Guides(halves(content), halves(style)) if guided else Guides()
    parameters = validated(method.parameters, {**method.defaults, **dict(recipe.changes)})
    return method.apply(content, style, parameters, Run(0, guides=guides))


def by_loss(prepare: Prepare) -> Measure:
    """The loss itself, at full size."""

    def measure(image: Tensor, content: Tensor, style: Tensor) -> float:
        encoder = encoders.get("pyramid", "cpu").fitted(content, style)
        sight = Sight(encoder, encoder.enter(content), encoder.enter(style), Guides(), 0)
        planes = encoder.enter(image)
        with torch.no_grad():
            return float(prepare(sight)(planes, encoder.features(planes)))

    return measure


def quarter(image: Tensor, content: Tensor, style: Tensor) -> float:
    """E_style of everything reduced to a quarter."""
    small = [functional.interpolate(each, scale_factor=0.25, mode="bicubic", antialias=True)
             for each in (image, content, style)]  # fmt: skip
    return by_loss(style_loss)(small[0], small[1], small[2])


def unlike(image: Tensor, content: Tensor, style: Tensor) -> float:
    """1 - correlation of the Laplacians of picture and content, in cells of 4 px."""
    pair = torch.stack([laplacian(each, 4).flatten() for each in (image, content)])
    return 1 - float(torch.corrcoef(pair)[0, 1])


def depth_error(image: Tensor, content: Tensor, style: Tensor) -> float:
    return float(depth_loss(haze(image), haze(content)))


def variation(image: Tensor, content: Tensor, style: Tensor) -> float:
    return 1e3 * float(total_variation(image))


def patches(image: Tensor) -> Tensor:
    return functional.unfold(image, PATCH)[0].T


def patch_distance(image: Tensor, content: Tensor, style: Tensor) -> float:
    """Mean over patches of 5 px of the RMS distance to the nearest of the style, × 255."""
    distances = torch.cdist(patches(image), patches(style)).amin(1)
    return 255 * float(distances.mean()) / math.sqrt(3 * PATCH**2)


def patches_used(image: Tensor, content: Tensor, style: Tensor) -> float:
    """Share of the style's patches that are the nearest of some patch."""
    theirs = patches(style)
    nearest = torch.cdist(patches(image), theirs).argmin(1)
    return len(set(nearest.tolist())) / len(theirs)


def across_halves(image: Tensor, content: Tensor, style: Tensor) -> float:
    """`patch_distance` of each half to its own half of the style, over that to the other."""
    middle, other = image.shape[3] // 2, style.shape[3] // 2
    mine = [image[..., :middle], image[..., middle:]]
    theirs = [style[..., :other], style[..., other:]]
    own = [patch_distance(mine[k], content, theirs[k]) for k in (0, 1)]
    others = [patch_distance(mine[k], content, theirs[1 - k]) for k in (0, 1)]
    return sum(own) / sum(others)


SHIFTS = [4, 8]
ROWS = (
    Row("1", GRAM, "Products of every two feature channels, averaged over positions, squared difference from the style's over 4C².", "its own loss", by_loss(gram.plain), CENTRED, "centred covariances within and between scales (E_style)"),
    Row("2", Recipe("johnson"), "Mean squared difference of one layer's features from the content's, in place.", "relative error of the content's features", by_loss(content_loss), Recipe("johnson", (("perceptual_weight", 0.0),)), "Gram and variation alone"),
    Row("3", Recipe("transformed_gram"), "Gram matrix between the features and themselves a few steps away, down and across.", "its own loss: products over a distance", by_loss(gram.transformed(SHIFTS))),
    Row("4", Recipe("diversified"), "Gram matrix of the features less their means.", "its own loss: error of the covariances", by_loss(gram.mean_subtracted)),
    Row("5", Recipe("multiscale_gram"), "Gram matrices of the picture at full, half and quarter size, summed.", "E_style at a quarter of the size", quarter),
    Row("6a", Recipe("mmd_linear"), "Squared difference of the mean features.", "its own loss: error of the means", by_loss(mmd.linear)),
    Row("6b", Recipe("mmd_polynomial"), "Discrepancy under the kernel (a·b + c)². With c = 0, the default, it is 4C² times the Gram loss: the two pictures differ by rounding alone, and that is the paper's point.", "its own loss", by_loss(mmd.polynomial(0.0))),
    Row("6c", Recipe("mmd_gaussian"), "Discrepancy under a Gaussian kernel, estimated by random frequencies.", "its own loss: discrepancy of the whole distributions", by_loss(mmd.gaussian(1.0, 512))),
    Row("7", Recipe("bn_statistics"), "Squared differences of the mean and of the deviation of every channel.", "its own loss: error of means and deviations", by_loss(normalisation.statistics)),
    Row("8", Recipe("histogram_loss"), "Beside Gram, the mean squared difference of every channel from itself remapped to the style's histogram.", "its own loss: distance of the histograms", by_loss(histograms)),
    Row("9", Recipe("lapstyle"), "Mean squared difference of the Laplacians of picture and content, averaged over cells of 4 and 16 px first.", "1 - correlation with the content's Laplacian", unlike, CENTRED, "centred covariances (E_style)"),
    Row("10", Recipe("cnn_mrf"), "Every neural patch against the style's most similar one.", f"RMS distance to the style's nearest patch of {PATCH} px, of 255", patch_distance),
    Row("11", Recipe("semantic"), "Neural patches as in row 10, matched within the masks' regions (here: the left and the right half).", "patch distance to the own region's style over that to the other's", across_halves, guided=True),
    Row("12", Recipe("reshuffle"), "Neural patches as in row 10, each of the style's to be used about equally often.", "share of the style's patches in use", patches_used),
    Row("13", Recipe("patch_adversarial"), "A small network learns to tell the style's neural patches from the picture's.", f"RMS distance to the style's nearest patch of {PATCH} px, of 255", patch_distance),
    Row("14", Recipe("stroke"), "Statistics of the style at 1½ times the content's size (of ½, 1 and 1½). That the autocorrelation of the result grows with the size is tested on noise; on this scene the content's own shapes hide it.", "error of the statistics at 1½ times the size", by_loss(stroke((0.5, 1.0, 1.5), 2.0)), Recipe("stroke", (("stroke", 0.0),)), "the style at half the content's size"),
    Row("15", Recipe("hierarchical"), "Style and content at growing sizes, each level from the enlarged one before.", "E_style at a quarter of the size", quarter, CENTRED, "centred covariances (E_style) at full size alone"),
    Row("16", Recipe("depth"), "Mean squared difference of the depth maps of picture and content, each standardised. Built in is no depth network but a cue: haze. Where a scene brings a depth map, that weighs the content's loss instead: the near more than the far.", "difference of the depth maps", depth_error, CENTRED, "centred covariances (E_style)"),
    Row("19", Recipe("total_variation"), "Squared differences of neighbouring pixels.", "mean squared slope, × 1000", variation, CENTRED, "centred covariances (E_style)"),
)  # fmt: skip


def main() -> None:
    rows = [row for row in ROWS if row.recipe.key in methods.registry()]
    wanted = {(row.against, False): None for row in rows}
    wanted |= {(row.recipe, row.guided): None for row in rows}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        found = dict(zip(wanted, pool.map(rendered, *zip(*wanted, strict=True)), strict=True))
    PICTURES.mkdir(parents=True, exist_ok=True)
    scene = torch.cat([photograph(), fitting(painting())], 3)
    save(scene, "scene")
    parts = [section(row, found[row.against, False], found[row.recipe, row.guided]) for row in rows]
    PAGE.write_text(INTRODUCTION + "\n".join(parts) + OTHER)


def section(row: Row, left: Tensor, right: Tensor) -> str:
    """The page's part on one row; saves its pair."""
    method = methods.registry()[row.recipe.key]
    cited, content, style = method.citation, photograph(), painting()
    gap = torch.ones(1, 3, left.shape[2], GUTTER)
    save(torch.cat([left, gap, right], 3), row.recipe.key)
    before, after = (row.measure(each, content, style) for each in (left, right))
    apart = 255 * float((left - right).square().mean().sqrt())
    return f"""## {row.number}. {method.title}

{", ".join(cited.authors)}: *{cited.title}*, {cited.venue} {cited.year}, {cited.identifier}.

{row.formula}

![{row.left}, then {row.recipe.key}](images/losses/{row.recipe.key}.jpg)

Left: {row.left}; right: `{row.recipe.key}`. {row.measured[0].upper() + row.measured[1:]}: \
{before:.3g} → **{after:.3g}**. The pictures are {apart:.0f}/255 apart (RMS).
"""


def fitting(style: Tensor) -> Tensor:
    """White on all sides, as high as the content."""
    missing = photograph().shape[2] - style.shape[2]
    return functional.pad(style, (GUTTER, 0, missing // 2, missing - missing // 2), value=1.0)


def save(planes: Tensor, name: str) -> None:
    values = planes[0].permute(1, 2, 0).mul(255).round().to(torch.uint8).numpy()
    Image.fromarray(values).save(PICTURES / f"{name}.jpg", quality=85)


INTRODUCTION = f"""# Losses

Generated by `python docs/losses.py`: one scene at {LONGEST} px, the encoder `pyramid`, every method
with its defaults, seed 0. A figure "its own loss" is in units of what a blank picture would have.
Left and right differ in the loss, not in the content, gamut and grain terms, unless a row says so.

![The photograph and the painting](images/losses/scene.jpg)

"""

OTHER = """
## 17. Temporal consistency

Manuel Ruder, Alexey Dosovitskiy, Thomas Brox: *Artistic Style Transfer for Videos*, GCPR 2016,
arXiv:1604.08610.

Squared difference from the frame before, brought here along the optical flow, where neither
occlusion nor a border of motion forbids it. Needs two frames, so no recipe for single pictures has
it; `stylize/losses/warp.py`, tested on made-up warps and on frames with flow.

## 18. Disparity

Dongdong Chen, Lu Yuan, Jing Liao, Nenghai Yu, Gang Hua: *Stereoscopic Neural Style Transfer*,
CVPR 2018, arXiv:1802.10591.

Squared difference of each view from the other one, brought here along the disparity, where both
see the same. Needs a stereo pair; in the same file, tested on a pair with measured disparity.
"""

if __name__ == "__main__":
    main()
