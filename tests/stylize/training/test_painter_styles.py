"""Training of the painter's classifier: windows, determinism, learning, what is written."""

import io

import numpy as np
import pytest
import torch

from stylize.methods.class_image import PAINTER_CLASSES, PainterStyles, to_values
from stylize.training import painter_styles
from stylize.training.painter_styles import CROP, accuracy, crops, pictures, train, weights

Classes = list[list[painter_styles.Planes]]


@pytest.fixture(scope="module")
def easy() -> Classes:
    """One class per kind of stripe: 5 widths."""
    x = np.arange(96, dtype=np.float32)
    made: Classes = []
    for period in (3, 6, 12, 24, 48):
        row = (np.sin(2 * np.pi * x / period) > 0).astype(np.float32)
        made.append([np.broadcast_to(row, (3, 64, 96)).copy()])
    return made


def test_crops_are_normalised_windows_with_their_labels(easy: Classes) -> None:
    values, labels = crops(easy, 40, np.random.default_rng(0))
    assert values.shape == (40, 3, CROP, CROP)
    assert values.dtype == torch.float32
    assert set(labels.tolist()) == {0, 1, 2, 3, 4}
    black, white = to_values(torch.zeros(1, 3, 1, 1)), to_values(torch.ones(1, 3, 1, 1))
    assert bool(((values == black) | (values == white)).all())


def test_crops_shuffle_the_channels() -> None:
    red = np.zeros((3, CROP, CROP), np.float32)
    red[0] = 1
    values, _ = crops([[red]], 30, np.random.default_rng(0))
    brightest = values.mean((2, 3)).argmax(1)
    assert set(brightest.tolist()) == {0, 1, 2}


def test_train_learns_and_is_the_same_for_the_same_seed(easy: Classes) -> None:
    network = train(easy, seed=1, steps=60, batch=16)
    assert not network.training
    assert accuracy(network, easy, 100) > 0.9
    assert accuracy(PainterStyles().eval(), easy, 100) < 0.6
    state = torch.random.get_rng_state()
    one, other = (train(easy, seed=1, steps=3, batch=8) for _ in range(2))
    for first, second in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(first, second)
    assert torch.equal(state, torch.random.get_rng_state())  # of the process, untouched


def test_pictures_hold_every_class_at_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painter_styles, "SIZES", (48, 64))
    made = pictures(seeds=(5,))
    assert len(made) == len(PAINTER_CLASSES)
    assert {max(each.shape[1:]) for each in made[0]} == {48, 64}
    assert len(made[0]) == 2
    assert len(made[-1]) == 2 * len(painter_styles.PHOTOGRAPHS)


def test_weights_are_plain_arrays_that_load_without_pickle() -> None:
    arrays = weights(PainterStyles())
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    file.seek(0)
    with np.load(file, allow_pickle=False) as loaded:
        assert set(loaded.files) == set(PainterStyles().state_dict())
        assert all(loaded[name].dtype == np.float16 for name in loaded.files)
