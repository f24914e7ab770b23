"""The discriminator of patches: local, seeded, learns, and its loss is the hinge."""

import torch
from torch import Tensor

from stylize.encoders.pyramid import Pyramid
from stylize.losses.adversarial import discriminator, hinge, patch_adversary
from stylize.losses.base import Renewed, Sight
from stylize.record import Guides


def maps(channels: int, height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, channels, height, width), generator=generator)


def sight(seed: int = 0) -> Sight:
    generator = torch.Generator().manual_seed(5)
    content = torch.rand((1, 3, 40, 48), generator=generator) * 0.2 + 0.4
    style = torch.rand((1, 3, 48, 40), generator=generator)
    encoder = Pyramid("cpu").fitted(content, style)
    return Sight(encoder, encoder.enter(content), encoder.enter(style), Guides(), seed)


def made(seed: int = 0, steps: int = 3, warm_up: int = 10, finer: float = 1.0) -> Renewed:
    prepare = patch_adversary(2, steps, 0.002, warm_up, finer)
    loss = prepare(sight(seed))
    assert isinstance(loss, Renewed)
    return loss


def test_hinge_beyond_the_margin_is_zero_and_within_linear() -> None:
    scores = torch.tensor([1.0, 1.5, 3.0])
    assert hinge(scores, True) == 0
    assert hinge(-scores, False) == 0
    assert hinge(torch.tensor([0.25, -1.0]), True) == (0.75 + 2.0) / 2
    assert hinge(torch.tensor([0.25, -1.0]), False) == 1.25 / 2


def test_hinge_gradient_is_that_of_finite_differences() -> None:
    scores = torch.tensor([0.3, -2.0, 1.7, -0.4], dtype=torch.float64, requires_grad=True)
    for real in (True, False):
        assert torch.autograd.gradcheck(lambda each, real=real: hinge(each, real), scores)


def test_discriminator_sees_5_by_5_positions_and_nothing_else() -> None:
    """Card 6, row 13: a change outside changes a score by 0, unlike any statistic."""
    network = discriminator(6, seed=1)
    before = maps(6, 12, 13)
    after = before.clone()
    after[..., 6, 7] += 5.0
    change = (network(after) - network(before))[0, 0].detach()
    assert change.shape == (12, 13)
    changed = change != 0
    assert changed[4:9, 5:10].all()
    changed[4:9, 5:10] = False
    assert not changed.any()


def test_discriminator_when_seed_is_equal_is_equal() -> None:
    features = maps(4, 8, 8)
    one, same, other = (discriminator(4, seed)(features) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_loss_is_deterministic_and_fixed_between_two_looks() -> None:
    seen = sight()
    losses = [made(), made()]
    for _ in range(2):
        values = [loss(seen.content, seen.content_features) for loss in losses]
        assert torch.equal(*values)
        assert torch.equal(values[0], losses[0](seen.content, seen.content_features))
        for loss in losses:
            loss.renew(seen.content, seen.content_features)
    assert not torch.equal(values[0], losses[0](seen.content, seen.content_features))


def test_loss_after_training_tells_the_style_from_the_content() -> None:
    seen = sight()
    loss = made(warm_up=150)
    of_style = float(loss(seen.style, seen.style_features))
    of_content = float(loss(seen.content, seen.content_features))
    assert of_style < 0.3
    assert of_content > 1.5


def test_loss_gives_the_picture_a_gradient_and_its_own_weights_none() -> None:
    seen = sight()
    loss = made()
    planes = seen.content.clone().requires_grad_()
    loss(planes, seen.encoder.features(planes)).backward()
    assert planes.grad is not None
    assert planes.grad.norm() > 0
    for judge in loss.judges:  # type: ignore[attr-defined]
        assert not any(each.requires_grad for each in judge.network.parameters())


def test_loss_judges_the_patch_layers_and_as_told_what_is_finer() -> None:
    patch, finer = sight().layers("patch"), ("scale0", "scale1", "")
    alone = {judge.layer: judge.weight for judge in made(finer=0.0).judges}  # type: ignore[attr-defined]
    assert alone == {name: 1 / len(patch) for name in patch}
    weights = {judge.layer: judge.weight for judge in made(finer=0.6).judges}  # type: ignore[attr-defined]
    assert weights == {**alone, **dict.fromkeys(finer, 0.6 / 3)}
