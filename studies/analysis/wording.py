"""The plain sentences that a ranking carries where its data are thin, apart or not finite."""

from collections.abc import Iterable, Sequence

from studies.analysis.inference import LEAST_PARTICIPANTS
from studies.analysis.result import Connectivity, Item

NOTHING = "There are no answers to rank from."
INFINITE = (
    "The unpenalised estimate is not finite (an item, a group of items or a side always wins): the ranking is "
    "the bias-reduced one (Firth), which is."
)
CHOIX_FAILED = "choix did not converge on differences this large: the same estimate was found by Newton's method."
NO_SLOTS_FAILED = "choix found no fit without slot effects: that column is empty."
SIDE_UNKNOWN = "Sides were not exchanged enough to tell a side effect from the pictures: it is left out of the model."
SLOTS_UNKNOWN = "Pictures did not change places enough to tell slot effects from them: they are left out of the model."
SIDE_APART = (
    "The side effect was fitted for each group of items by itself and is not given as one number."
)
SLOTS_APART = "Slot effects were fitted for each group of items by itself and are not given as one set of numbers."
INCOMPLETE = "Not every recipe has a placed picture in every scene: the recipes' means are over different scenes."
INCOMPLETE_APART = "Not every recipe has a placed picture in every scene, and the scenes share no scale: no means of recipes."


def not_aligned(reason: str) -> str:
    """That there are no numbers across scenes.

    Args:
        reason: why, without a full stop.
    Returns:
        One sentence.
    """
    return f"Pictures are ranked within their scene only, not across scenes: {reason}."


def joint(reason: str) -> str:
    """That the scale is E2 and not E1.

    Args:
        reason: why, without a full stop.
    Returns:
        One sentence.
    """
    return f"The scenes are put on one scale by the joint model of all scrolls (E2), not by E1: {reason}."


def never_placed(names: Sequence[str]) -> str:
    """That recipes have no row in the ranking.

    Args:
        names: of the recipes.
    Returns:
        One sentence.
    """
    return f"Never placed, so not ranked: {', '.join(names)}."


def flat_scrolls(number: int) -> str:
    """That scrolls were left out.

    Args:
        number: scrolls in which all pictures lie on one spot.
    Returns:
        One sentence.
    """
    return f"Left out, since all their pictures lie on one spot: {number} scroll{'' if number == 1 else 's'}."


def few_participants(participants: int) -> str:
    """Why there are no intervals.

    Args:
        participants: G, how many answered.
    Returns:
        One sentence.
    """
    return (
        f"Only {participants} participant{'' if participants == 1 else 's'}: no interval and no statement "
        f"about other people; these need at least {LEAST_PARTICIPANTS}."
    )


def of_rows(rows: Sequence[Item], participants: int) -> tuple[str, ...]:
    """What a table of one component lacks.

    Args:
        rows: ranked items.
        participants: G, who answered on them.
    Returns:
        Up to two sentences: too few participants, no finite maximum-likelihood estimate.
    """
    sentences = []
    if participants < LEAST_PARTICIPANTS:
        sentences.append(few_participants(participants))
    if any(row.mle is None for row in rows):
        sentences.append(INFINITE)
    return tuple(sentences)


def apart(connected: Connectivity) -> list[str]:
    """What cannot be ranked against each other.

    Args:
        connected: of the study.
    Returns:
        Up to two sentences: no comparison at all, or groups without a link and items that were never compared.
    """
    linked = [group for group in connected.weak if len(group) > 1]
    if not linked:
        return [NOTHING]
    alone = [group[0] for group in connected.weak if len(group) == 1]
    sentences = []
    if len(linked) > 1:
        told = "; ".join(", ".join(group) for group in linked)
        sentences.append(
            f"The items fall into {len(linked)} groups that were never compared with each other, each is "
            f"ranked by itself: {told}."
        )
    if alone:
        sentences.append(f"Never compared with another, so not ranked: {', '.join(alone)}.")
    return sentences


def thin_images(images: Sequence[Item]) -> list[str]:
    """That single pictures have few answers.

    Args:
        images: of all scenes.
    Returns:
        One sentence, or nothing.
    """
    thin = sum(image.thin for image in images)
    if not thin:
        return []
    return [f"{thin} of {len(images)} pictures have too few answers to lean on within their scene."]


def unique(sentences: Iterable[str]) -> tuple[str, ...]:
    """Each sentence once, in the order of their first appearance.

    Args:
        sentences: any.
    Returns:
        Without repeats.
    """
    return tuple(dict.fromkeys(sentences))
