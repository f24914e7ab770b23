"""What every method in the registry must do; a method's own test holds what its paper promises."""

import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize import methods
from stylize.methods.base import Method
from stylize.record import Cancelled, Guides, Run, describe, validated

METHODS = methods.registry()
EVERY = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())

# Few iterations: what is tested here does not depend on how far a method gets.
QUICK = {"coarse_evaluations": 4, "fine_evaluations": 2, "iterations": 2}


def quick(method: Method[Any]) -> Any:
    names = {each["name"] for each in describe(method.parameters)}
    return validated(
        method.parameters, {name: value for name, value in QUICK.items() if name in names}
    )


def pictures(batch: int, height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    small = torch.rand((batch, 3, 5, 6), generator=generator)
    smooth = torch.nn.functional.interpolate(small, size=(height, width), mode="bicubic")
    grain = 0.1 * torch.rand((batch, 3, height, width), generator=generator)
    return (smooth + grain).clamp(0, 1)


def guides(method: Method[Any], contents: Tensor, styles: Tensor) -> Guides:
    """Masks for a method that is refused without: label 1 right of the middle, or everywhere where
    one of the pictures has no room for both."""
    if not method.needs.masks:
        return Guides()
    labels = []
    for images in (contents, styles):
        labels.append(np.zeros(images.shape[-2:], np.uint8))
        middle = images.shape[-1] // 2 if min(contents.shape[-1], styles.shape[-1]) > 1 else 0
        labels[-1][:, middle:] = 1
    return Guides(labels[0], labels[1])


def fitting(method: Method[Any], contents: Tensor, styles: Tensor) -> Tensor:
    """The styles, at the contents' size for a method that lays one over the other."""
    if not method.needs.aligned or styles.shape[-2:] == contents.shape[-2:]:
        return styles
    return torch.nn.functional.interpolate(styles, size=contents.shape[-2:], mode="bilinear")


def apply(
    method: Method[Any],
    contents: Tensor,
    styles: Tensor,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    notes: list[str] | None = None,
) -> Tensor:
    styles = fitting(method, contents, styles)
    run = Run(seed, notes=[] if notes is None else notes, guides=guides(method, contents, styles))
    if progress is not None:
        run = dataclasses.replace(run, progress=progress)
    return method.apply(contents, styles, quick(method), run)


@EVERY
@pytest.mark.parametrize(
    ("size", "style_size"),
    [((16, 16), (16, 16)), ((33, 50), (64, 20)), ((51, 16), (1, 1)), ((40, 61), (200, 90))],
)
def test_apply_at_any_size_gives_the_contents_shape_in_range(
    method: Method[Any], size: tuple[int, int], style_size: tuple[int, int]
) -> None:
    result = apply(method, pictures(1, *size), pictures(1, *style_size, seed=1))
    assert result.shape == (1, 3, *size)
    assert result.dtype == torch.float32
    assert not result.requires_grad
    assert 0 <= result.min() <= result.max() <= 1


@EVERY
def test_apply_when_seed_is_equal_gives_the_same_bytes(method: Method[Any]) -> None:
    contents, styles = pictures(1, 40, 56), pictures(1, 48, 40, seed=1)
    kept = contents.clone(), styles.clone()
    first = apply(method, contents, styles, seed=3)
    assert torch.equal(first, apply(method, contents, styles, seed=3))
    assert torch.equal(contents, kept[0])
    assert torch.equal(styles, kept[1])


@EVERY
def test_apply_when_batched_equals_one_by_one(method: Method[Any]) -> None:
    contents, styles = pictures(2, 32, 40), pictures(2, 40, 24, seed=1)
    together = apply(method, contents, styles)
    for index in range(2):
        part = slice(index, index + 1)
        alone = apply(method, contents[part], styles[part])
        torch.testing.assert_close(together[part], alone, atol=1e-6, rtol=0)


@EVERY
def test_apply_when_pictures_are_flat_stays_finite(method: Method[Any]) -> None:
    grey, black = torch.full((1, 3, 24, 30), 0.5), torch.zeros(1, 3, 20, 20)
    for contents, styles in ((grey, black), (pictures(1, 24, 30), black), (grey, grey)):
        assert torch.isfinite(apply(method, contents, styles)).all()


@EVERY
def test_apply_tells_progress_from_0_to_1_without_going_back(method: Method[Any]) -> None:
    told: list[float] = []
    notes: list[str] = []
    apply(
        method, pictures(2, 20, 24), pictures(2, 24, 20, seed=1), progress=told.append, notes=notes
    )
    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(told)
    assert notes == []


@EVERY
def test_apply_when_cancelled_lets_it_pass(method: Method[Any]) -> None:
    def progress(fraction: float) -> None:
        if fraction >= 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        apply(method, pictures(1, 20, 24), pictures(1, 20, 24), progress=progress)


def broken(**changes: float) -> Tensor:
    images = pictures(1, 20, 24)
    for value in changes.values():
        images[0, 1, 2, 3] = value
    return images


GOOD = pictures(1, 20, 24)
BAD = {
    "nan": broken(value=float("nan")),
    "infinite": broken(value=float("inf")),
    "below": broken(value=-0.1),
    "above": broken(value=1.1),
    "double": GOOD.double(),
    "bytes": (GOOD * 255).byte(),
    "grey": GOOD[:, :1],
    "unbatched": GOOD[0],
    "empty": GOOD[:0],
}


@EVERY
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_apply_when_a_picture_is_wrong_names_the_argument(method: Method[Any], bad: Tensor) -> None:
    with pytest.raises(ValueError, match=r"^contents: "):
        apply(method, bad, GOOD)
    with pytest.raises(ValueError, match=r"^styles: "):
        apply(method, GOOD, bad)


@EVERY
def test_apply_when_sizes_or_counts_are_wrong_names_the_argument(method: Method[Any]) -> None:
    with pytest.raises(ValueError, match="contents: 40×15 px"):
        apply(method, pictures(1, 15, 40), GOOD)
    with pytest.raises(ValueError, match="styles: came 1 for 2 contents"):
        apply(method, pictures(2, 20, 24), GOOD)


@EVERY
def test_apply_when_parameters_are_anothers_refuses(method: Method[Any]) -> None:
    @dataclasses.dataclass(frozen=True)
    class Other:
        strength: float = 1.0

    with pytest.raises(TypeError, match="parameters: came"):
        method.apply(GOOD, GOOD, Other(), Run(0, guides=guides(method, GOOD, GOOD)))


@EVERY
def test_record_is_complete(method: Method[Any]) -> None:
    assert METHODS[method.key] is method
    assert method.key == method.key.lower()
    assert method.title
    assert method.summary.endswith(".")
    assert method.citation.first_author
    assert 1900 < method.citation.year < 2030
    assert method.queue in ("cpu", "gpu")


@EVERY
def test_parameters_are_described_within_their_bounds_and_take_the_default_recipe(
    method: Method[Any],
) -> None:
    for each in describe(method.parameters):
        assert each["help"], f"{method.key}.{each['name']} has no help"
        validated(method.parameters, {each["name"]: each["default"]})
    assert dataclasses.is_dataclass(validated(method.parameters, dict(method.defaults)))


# The registry itself.

NEW_METHOD = """
from dataclasses import dataclass

from stylize.methods.base import Method
from stylize.record import Citation


@dataclass(frozen=True)
class Parameters:
    pass


METHOD = Method(
    key="{key}",
    title="Inverted",
    citation=Citation(("A. Nobody",), 2020, "None", "Nowhere"),
    parameters=Parameters,
    stylize=lambda contents, styles, parameters, run: 1 - contents,
)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose modules the registry finds beside its own."""
    before = set(sys.modules)
    methods.__path__.append(str(tmp_path))
    methods.registry.cache_clear()
    yield tmp_path
    methods.__path__.remove(str(tmp_path))
    methods.registry.cache_clear()
    for name in set(sys.modules) - before:
        if name.startswith("stylize.methods."):
            del sys.modules[name]


def test_registry_when_a_file_is_added_finds_it(folder: Path) -> None:
    (folder / "inverted.py").write_text(NEW_METHOD.format(key="inverted"))
    method = methods.registry()["inverted"]
    assert torch.equal(apply(method, GOOD, GOOD), 1 - GOOD)
    assert set(methods.registry()) == {*METHODS, "inverted"}


def test_registry_when_a_key_is_taken_refuses(folder: Path) -> None:
    (folder / "zweiter.py").write_text(NEW_METHOD.format(key="mkl"))
    with pytest.raises(ValueError, match="the key mkl is already taken"):
        methods.registry()


def test_registry_when_a_file_holds_no_method_refuses(folder: Path) -> None:
    (folder / "empty.py").write_text("")
    with pytest.raises(ValueError, match="holds no Method"):
        methods.registry()


def test_registry_when_a_file_is_broken_does_not_hide_it(folder: Path) -> None:
    (folder / "broken.py").write_text("import a_library_that_is_not_there")
    with pytest.raises(ModuleNotFoundError, match="a_library_that_is_not_there"):
        methods.registry()


def test_registry_has_every_file_in_order() -> None:
    files = sorted(path.stem for path in Path(methods.__path__[0]).glob("[!_]*.py"))
    files.remove("base")
    found = [method.stylize.__module__.rpartition(".")[2] for method in METHODS.values()]
    assert list(dict.fromkeys(found)) == files


def test_apply_when_a_method_makes_nan_or_another_shape_says_which() -> None:
    nan = dataclasses.replace(METHODS["identity"], stylize=lambda c, s, p, r: c * float("nan"))
    with pytest.raises(FloatingPointError, match="identity"):
        apply(nan, GOOD, GOOD)
    small = dataclasses.replace(METHODS["identity"], stylize=lambda c, s, p, r: c[..., 1:])
    with pytest.raises(RuntimeError, match="identity: made"):
        apply(small, GOOD, GOOD)
