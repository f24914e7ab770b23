"""What a method is: a frozen record and a function, with one public call, `apply`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

import torch
from torch import Tensor

from stylize.record import Citation, Guides, Labels, Run

P = TypeVar("P")

MIN_CONTENT_SIDE = 16


@dataclass(frozen=True)
class Needs:
    """What a method asks for beyond a content and a style.

    Args:
        encoder: reads `run.encoder`.
        masks: label maps of content and style.
        guided: uses such masks where the scene has them.
        depth: uses the content's depth map where the scene has one.
        aligned: lays content and style over each other, so both must have one shape.
        styles: the most style pictures it takes.
        weights: key of trained weights, empty for none.
    """

    encoder: bool = False
    masks: bool = False
    guided: bool = False
    depth: bool = False
    aligned: bool = False
    styles: int = 1
    weights: str = ""


@dataclass(frozen=True)
class Method(Generic[P]):
    """A stylization method.

    Args:
        key: unique, lower case, used in recipes and addresses of the admin.
        title: for people.
        citation: the publication that the code follows.
        parameters: frozen dataclass whose defaults are those of the publication.
        stylize: the method itself; call `apply`, which checks both ends, instead.
        needs: what else it wants.
        queue: of the workers that should render it.
        defaults: parameters of the default recipe where they differ from the dataclass's.
        summary: one sentence for people.
    """

    key: str
    title: str
    citation: Citation
    parameters: type[P]
    stylize: Callable[[Tensor, Tensor, P, Run], Tensor]
    needs: Needs = Needs()
    queue: Literal["cpu", "gpu"] = "cpu"
    defaults: Mapping[str, object] = field(default_factory=dict)
    summary: str = ""

    def apply(self, contents: Tensor, styles: Tensor, parameters: P, run: Run) -> Tensor:
        """Stylize a batch: check the pictures, run the method, clamp, check the result.

        Args:
            contents: (B, 3, H, W) float32 sRGB in [0, 1], sides >= 16.
            styles: (B, 3, h, w) float32 sRGB in [0, 1], one per content, any size.
            parameters: instance of `self.parameters`.
            run: seed, device, encoder, guides, progress. Progress 0 is told first, 1 last.

        Returns:
            (B, 3, H, W) float32 sRGB in [0, 1] on the device of `contents`.

        Raises:
            ValueError: naming `contents`, `styles`, `masks` or `depth`.
            TypeError: when `parameters` belong to another method.
            FloatingPointError: when the method's result is not finite.
            Cancelled: raised by `run.progress`.
        """
        check_images(contents, styles)
        check_labels(contents, styles, run.guides, self.needs.masks)
        check_depth(contents, run.guides)
        if self.needs.aligned:
            check_shape(contents, styles)
        if not isinstance(parameters, self.parameters):
            raise TypeError(
                f"parameters: came {type(parameters).__qualname__}, "
                f"{self.key} takes {self.parameters.__module__}.{self.parameters.__qualname__}"
            )
        run.progress(0.0)
        results = self.stylize(contents, styles, parameters, run)
        if results.shape != contents.shape:
            raise RuntimeError(
                f"{self.key}: made {tuple(results.shape)} from {tuple(contents.shape)}"
            )
        if not torch.isfinite(results).all():
            raise FloatingPointError(f"{self.key}: the result has NaN or infinite values")
        run.progress(1.0)
        return results.detach().to(contents.device, torch.float32).clamp(0.0, 1.0)


def check_images(contents: Tensor, styles: Tensor) -> None:
    """Refuse pictures that no method can work on.

    Args:
        contents: (B, 3, H, W) float32 in [0, 1], sides >= 16.
        styles: (B, 3, h, w) float32 in [0, 1] on the same device, sides >= 1.

    Raises:
        ValueError: one sentence that begins with the argument's name.
    """
    _check_batch("contents", contents, MIN_CONTENT_SIDE)
    _check_batch("styles", styles, 1)
    if len(styles) != len(contents):
        raise ValueError(f"styles: came {len(styles)} for {len(contents)} contents, must be equal")
    if styles.device != contents.device:
        raise ValueError(f"styles: on {styles.device}, must be on {contents.device} as contents")


def check_labels(contents: Tensor, styles: Tensor, guides: Guides, needed: bool) -> None:
    """Refuse masks that do not fit their pictures, and none where they are needed.

    Raises:
        ValueError: one sentence that begins with "masks".
    """
    of_styles = (guides.style_labels, *guides.exemplar_labels)
    if needed and (guides.content_labels is None or guides.style_labels is None):
        raise ValueError(
            "masks: came none, the method needs one of the content and one of the style"
        )
    if (guides.content_labels is None) != all(labels is None for labels in of_styles):
        raise ValueError("masks: came one, must be one of the content and one of the style")
    if len(of_styles) not in (1, 1 + len(guides.exemplars)):
        raise ValueError(
            f"masks: came {len(of_styles)} of styles, must be {1 + len(guides.exemplars)}"
        )
    _check_size(guides.content_labels, contents.shape[2:], "content")
    _check_size(guides.style_labels, styles.shape[2:], "style")
    for labels, exemplar in zip(guides.exemplar_labels, guides.exemplars, strict=False):
        _check_size(labels, exemplar.shape[1:], "style")


def _check_size(labels: Labels | None, size: Sequence[int], role: str) -> None:
    if labels is not None and labels.shape != tuple(size):
        raise ValueError(
            f"masks: that of the {role} is {labels.shape[1]}×{labels.shape[0]} px, "
            f"must be {size[1]}×{size[0]} as the picture"
        )


def check_depth(contents: Tensor, guides: Guides) -> None:
    """Refuse a depth map that does not fit the content or tells nothing.

    Raises:
        ValueError: one sentence that begins with "depth".
    """
    depth = guides.depth
    if depth is None:
        return
    if depth.shape != contents.shape[2:]:
        raise ValueError(
            f"depth: {'×'.join(map(str, depth.shape[::-1]))} px, "
            f"must be {contents.shape[3]}×{contents.shape[2]} as the content"
        )
    low, high = float(depth.min()), float(depth.max())
    if not 0 <= low < high <= 1:
        raise ValueError(
            f"depth: values from {low:.4g} to {high:.4g}, must be different ones in [0, 1]"
        )


def check_shape(contents: Tensor, styles: Tensor) -> None:
    """Refuse a style whose sides have another ratio than the content's, by more than 2 %.

    Raises:
        ValueError: one sentence that begins with "styles".
    """
    own, other = (images.shape[3] / images.shape[2] for images in (contents, styles))
    # A side of few pixels cannot meet a ratio any better than to half a pixel.
    allowed = max(0.02, 0.5 / min(*contents.shape[2:], *styles.shape[2:]))
    if abs(other / own - 1) > allowed:
        raise ValueError(
            f"styles: {styles.shape[3]}×{styles.shape[2]} px, must have the shape of contents, "
            f"{contents.shape[3]}×{contents.shape[2]}: one is laid over the other"
        )


def _check_batch(name: str, images: Tensor, min_side: int) -> None:
    if images.ndim != 4 or images.shape[1] != 3 or len(images) == 0:
        raise ValueError(f"{name}: shape {tuple(images.shape)}, must be (B, 3, height, width)")
    if images.dtype != torch.float32:
        raise ValueError(f"{name}: dtype {images.dtype}, must be torch.float32")
    if min(images.shape[2:]) < min_side:
        raise ValueError(
            f"{name}: {images.shape[3]}×{images.shape[2]} px, sides must be at least {min_side}"
        )
    if not torch.isfinite(images).all():
        raise ValueError(f"{name}: has NaN or infinite values, must be in [0, 1]")
    if images.min() < 0 or images.max() > 1:
        low, high = float(images.min()), float(images.max())
        raise ValueError(f"{name}: values from {low:.4g} to {high:.4g}, must be in [0, 1]")
