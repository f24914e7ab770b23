"""What a report says in plain words."""

import math

from studies.analysis.result import Item
from studies.reports.build import Finding, Report

PREFERRED = {
    "two_up": "preferred to",
    "single_choice": "chosen over",
    "rating_scale": "placed above",
}


def headline(report: Report, finding: Finding) -> str:
    """One or two sentences: who leads, by how much, how sure; or why nothing is said."""
    if finding.reason:
        return finding.reason
    first, *others = finding.ranked
    told = f"“{first.name}” ranks first of {len(others) + 1}: {standing(report, first)}."
    return f"{told} {_against(report, finding, first, others[0])}" if others else told


def standing(report: Report, item: Item) -> str:
    """Where an item stands against the average, with its interval."""
    if report.protocol == "rating_scale":
        side = "above" if (item.estimate or 0) >= 0 else "below"
        return (
            f"its pictures lie {abs(item.estimate or 0):.2f} standard deviations {side} the mean "
            f"picture (95 % CI {signed(item.low)} to {signed(item.high)})"
        )
    return (
        f"it is {PREFERRED[report.protocol]} an average recipe in {chance(item.estimate)} "
        f"of comparisons (95 % CI {interval(item)})"
    )


def _against(report: Report, finding: Finding, first: Item, second: Item) -> str:
    """What was counted between the first two, which no model stands behind."""
    ranking = finding.ranking
    here, there = ranking.items.index(first), ranking.items.index(second)
    won, lost = ranking.pairs[here][there], ranking.pairs[there][here]
    following = f"Next comes “{second.name}”"
    if not won + lost:
        return f"{following}; the two were never shown against each other."
    if report.protocol == "single_choice":
        return f"{following}: of {won + lost} answers that chose one of the two, {won} chose the first."
    word = PREFERRED[report.protocol]
    return f"{following}: face to face, the first was {word} it {won} of {won + lost} times."


def chance(logit: float | None) -> str:
    return "–" if logit is None else f"{100 / (1 + math.exp(-logit)):.0f} %"


def interval(item: Item) -> str:
    """An item's interval as win probabilities."""
    if item.low is None or item.high is None:
        return "–"
    return f"{chance(item.low).removesuffix(' %')}–{chance(item.high)}"


def signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}".replace("-", "−")


def effect(finding: Finding) -> str:
    """The side effect of two-up, or that a place in the list pulled."""
    ranking = finding.ranking
    if (side := ranking.side_effect) is not None:
        share = chance(side.estimate)
        test = "" if side.p is None else f", p {_p(side.p)}"
        limits = (
            ""
            if side.low is None or side.high is None
            else f" (95 % CI {chance(side.low).removesuffix(' %')}–{chance(side.high)}{test})"
        )
        return f"Between equal pictures the left one would be preferred in {share}{limits}."
    if ranking.slot_effects:
        return (
            "The pull of a place in the list, in logits against the first place; the ranking is "
            "corrected for it."
        )
    return ""


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def counts(finding: Finding) -> list[tuple[str, int]]:
    """What stands behind the numbers."""
    n = finding.ranking.n
    shown = [("participants", n.participants), ("answers", n.trials), ("scenes", n.scenes)]
    shown.append(("recipes", len(finding.ranking.items)))
    return shown + [(name, value) for name, value in (("ties", n.ties), ("none", n.nones)) if value]


def left_out(report: Report, finding: Finding) -> list[tuple[str, int]]:
    """Exclusions that occurred, in words."""
    out = finding.exclusions
    named = [
        ("answers skipped", out.skips),
        ("practice answers", out.practice),
        ("visits declined at the consent", out.declined_visits),
        ("turned away by a check of eyes or screen", out.screened_visits),
        ("withdrawn, all answers deleted", out.withdrawn_visits),
        ("previews by researchers", out.preview_visits),
        ("simulated visits", out.simulated_visits),
    ]
    if not report.unfinished:
        named += [
            ("visits not finished", out.unfinished_visits),
            ("answers in visits not finished", out.unfinished_answers),
        ]
    return [(name, count) for name, count in named if count]
