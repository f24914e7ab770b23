"""The Bradley-Terry ranking through choix that every protocol has, of recipes and of each scene's images."""

from dataclasses import replace

from studies.analysis import connectivity, inference, pairwise, tally, wording
from studies.analysis.checks import Indices, Reals
from studies.analysis.data import Votes
from studies.analysis.inference import Estimate, Group
from studies.analysis.result import BradleyTerry, Item
from studies.analysis.tally import Sample


def rank(votes: Votes) -> BradleyTerry:
    """Rank the items of some votes by Firth's Bradley-Terry estimate without side effect (statistics.md 1.4).

    Args:
        votes: n votes on K items, asked or derived.
    Returns:
        K items in the data's order, ranked within each weak component; n counts the answers that showed an item.
        A warning where choix does not converge and the same estimate comes from Newton's method.
    Raises:
        ArithmeticError: when that does not converge either.
    """
    rows: dict[str, Item] = {}
    warnings: tuple[str, ...] = ()
    told = tally.tallies(votes)
    for component, members in enumerate(groups(votes), start=1):
        if len(members) == 1:
            name = votes.items[members[0]]
            rows[name] = inference.unranked(name, component)
            continue
        data = tally.sample(votes, members)
        try:
            fit = pairwise.firth_by_choix(data.wins)
        except ArithmeticError:  # its exponential weights overflow on a range beyond some 30 logits
            fit = pairwise.firth(data, with_side=False)
            warnings = (wording.CHOIX_FAILED,)
        mle = unpenalised(data, with_side=False)
        for item in inference.rows(
            group_of(votes, members, told, component), pairwise.estimate(data, fit), mle
        ):
            # Derived pairs of one answer depend on each other: no error that takes them as independent.
            rows[item.name] = item if votes.sided else replace(item, mle_se_naive=None)
    items = tuple(rows[name] for name in votes.items)
    return BradleyTerry(not votes.sided, items, ties=votes.ties, warnings=warnings)


def rank_images(votes: Votes) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Rank the pictures of each scene for themselves.

    Args:
        votes: n votes, asked or derived.
    Returns:
        The images that were shown, scene by scene, named `scene/recipe`; components go on counting from scene to
        scene. Thin: few reversals, fewer than five participants, or a scene whose pictures hang not together. Then the warnings.
    Raises:
        ArithmeticError: as `rank`.
    """
    images: list[Item] = []
    warnings: list[str] = []
    for number, scene in enumerate(votes.scenes):
        table = rank(votes.rows(votes.scene == number))
        warnings += table.warnings
        shown = [item for item in table.items if item.n]
        last = max((image.component for image in images), default=0)
        apart = len({item.component for item in shown}) > 1
        images += [
            replace(
                item,
                name=f"{scene}/{item.name}",
                scene=scene,
                recipe=item.name,
                component=last + item.component,
                thin=apart or item.few_reversals or item.se is None,
            )
            for item in shown
        ]
    thin = wording.thin_images(images)
    return tuple(images), wording.unique([*warnings, *thin])


def groups(votes: Votes) -> list[Indices]:
    """The items that were compared with each other, directly or not.

    Args:
        votes: n votes on K items.
    Returns:
        Indices of the items of each weak component, largest first.
    """
    return connectivity.components(tally.win_matrix(votes), strong=False)


def group_of(
    votes: Votes, members: Indices, told: tuple[Reals, Reals, Reals], component: int
) -> Group:
    """Names and counts of one component for `inference.rows`.

    Args:
        votes, members: the component's items; told: `tally.tallies`; component: its number.
    Returns:
        Group of len(members) items.
    """
    n, wins, losses = (column[members] for column in told)
    names = tuple(votes.items[index] for index in members)
    return Group(names=names, n=n, wins=wins, losses=losses, component=component)


def unpenalised(data: Sample, *, with_side: bool) -> Estimate | None:
    """The maximum-likelihood fit.

    Args:
        data: votes of one component; with_side: fit the side effect too.
    Returns:
        The estimate, None where it is not finite.
    """
    fit = pairwise.maximum_likelihood(data, with_side=with_side)
    return None if fit is None else pairwise.estimate(data, fit)
