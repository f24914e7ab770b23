"""The single-choice ranking: votes and exposure, then Luce's model with slot effects (statistics.md 3.2)."""

from dataclasses import dataclass, replace

import choix
import numpy as np

from studies.analysis import (
    choix_ranking,
    conditional_logit,
    connectivity,
    derived,
    inference,
    tally,
    wording,
)
from studies.analysis.checks import Indices, Reals
from studies.analysis.data import Choices
from studies.analysis.inference import Estimate, Group
from studies.analysis.result import Counts, Item, Ranking, SlotEffect, number


@dataclass(frozen=True)
class _Part:
    """One component's rows, slot effects and warnings."""

    rows: tuple[Item, ...]
    slots: tuple[SlotEffect, ...]
    warnings: tuple[str, ...]


def fit(choices: Choices, *, slot_effects: bool = True) -> Ranking:
    """Rank the recipes of a single-choice study, and the pictures of each scene.

    `wins` are votes, `n` is exposure, `share` their ratio. The estimate is the maximum-likelihood one with slot
    effects where it is finite, else the one with the Jeffreys penalty, with a warning. `no_slots` is the fit of
    choix without slots. `bradley_terry` and `images` rank the derived pairs: the chosen over each other one shown.

    Args:
        choices: n answers on K items, n and K from 0 up.
        slot_effects: False leaves the slot effects out.
    Returns:
        Ranking with K items, estimates in logits with sum zero within each component.
    Raises:
        ArithmeticError: when a fit that has a finite answer does not find it.
    """
    votes = derived.from_choices(choices)
    wins = tally.win_matrix(votes)
    connected = connectivity.describe(choices.items, wins)
    by_choix = choix_ranking.rank(votes)
    parts = [
        _part(choices, members, component, slot_effects)
        for component, members in enumerate(choix_ranking.groups(votes), start=1)
        if len(members) > 1
    ]
    rows = {
        item.name: item for item in by_choix.items
    }  # stays for what was never shown with another
    rows |= {item.name: item for part in parts for item in part.rows}
    warnings = [sentence for part in parts for sentence in part.warnings]
    if slot_effects and len(parts) > 1:
        warnings.append(wording.SLOTS_APART)
    images, thin = choix_ranking.rank_images(votes)
    return Ranking(
        protocol="single-choice",
        items=tuple(_with_share(rows[name]) for name in choices.items),
        n=_counts(choices),
        pairs=tuple(tuple(int(count) for count in row) for row in wins),
        connectivity=connected,
        bradley_terry=by_choix,
        images=tuple(_with_share(image) for image in images),
        slot_effects=parts[0].slots if len(parts) == 1 else (),
        warnings=wording.unique([*wording.apart(connected), *warnings, *by_choix.warnings, *thin]),
    )


def no_slots(choices: Choices, members: Indices) -> Reals | None:
    """Luce's model without slot effects, by choix.ilsr_top1.

    Args:
        choices: n answers on K items.
        members: intp[k], the items of one weak component, k >= 2.
    Returns:
        float64[k] with sum zero; None where there is no finite maximum (not strongly connected).
    Raises:
        ArithmeticError: when choix does not converge.
    """
    wins = tally.win_matrix(derived.from_choices(choices))[np.ix_(members, members)]
    if len(connectivity.components(wins, strong=True)) > 1:
        return None
    place = {int(item): index for index, item in enumerate(members)}
    data = [
        (
            place[row[pick]],
            tuple(place[item] for k, item in enumerate(row) if k != pick and item >= 0),
        )
        for row, pick in zip(choices.options.tolist(), choices.chosen.tolist(), strict=True)
        if row[pick] in place
    ]
    try:
        worth = choix.ilsr_top1(len(members), data, max_iter=1000, tol=1e-10)
    except (RuntimeError, ValueError) as error:
        raise ArithmeticError(f"choix found no Luce fit: {error}") from error
    centred: Reals = worth - worth.mean()
    return centred


def _counts(choices: Choices) -> Counts:
    return Counts(
        participants=len(choices.participants),
        trials=len(choices.chosen),
        scenes=len(choices.scenes),
        items=len(choices.items),
        skips=choices.skips,
        nones=choices.nones,
    )


def _with_share(item: Item) -> Item:
    return replace(item, share=item.wins / item.n) if item.n else item


def _part(choices: Choices, members: Indices, component: int, slot_effects: bool) -> _Part:
    data = conditional_logit.slates(choices, members, with_slots=slot_effects)
    identified = slot_effects and conditional_logit.slots_are_identified(data)
    if slot_effects and not identified:
        data = conditional_logit.slates(choices, members, with_slots=False)
    mle = conditional_logit.maximum_likelihood(data)
    headline = mle or conditional_logit.jeffreys(data)
    check, failed = _no_slots(choices, members)
    rows = tuple(
        replace(item, no_slots=inference.told(check, k))
        for k, item in enumerate(inference.rows(_group(choices, members, component), headline, mle))
    )
    warnings = (*wording.of_rows(rows, headline.participants), *failed)
    if slot_effects and not identified:
        warnings = (*warnings, wording.SLOTS_UNKNOWN)
    return _Part(rows, _slot_effects(headline) if identified else (), warnings)


def _no_slots(choices: Choices, members: Indices) -> tuple[Reals | None, tuple[str, ...]]:
    """The check column, or why it is empty."""
    try:
        return no_slots(choices, members), ()
    except ArithmeticError:
        return None, (wording.NO_SLOTS_FAILED,)


def _group(choices: Choices, members: Indices, component: int) -> Group:
    """Votes and exposure."""
    size = len(choices.items)
    shown = np.bincount(choices.options[choices.options >= 0], minlength=size)[members]
    picked = choices.options[np.arange(len(choices.chosen)), choices.chosen]
    votes = np.bincount(picked, minlength=size)[members]
    return Group(
        names=tuple(choices.items[index] for index in members),
        n=shown.astype(np.float64),
        wins=votes.astype(np.float64),
        losses=(shown - votes).astype(np.float64),
        component=component,
    )


def _slot_effects(headline: Estimate) -> tuple[SlotEffect, ...]:
    first, clustered = len(headline.theta), headline.se_clustered()
    naive = headline.se_naive()
    later = tuple(
        SlotEffect(
            slot=2 + k,
            estimate=float(effect),
            se_naive=float(naive[first + k]),
            se_clustered=number(clustered[first + k]),
        )
        for k, effect in enumerate(headline.others)
    )
    return (SlotEffect(slot=1, estimate=0.0, se_naive=None, se_clustered=None), *later)
