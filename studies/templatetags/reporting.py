"""How a report writes numbers: fixed places, a true minus sign, a dash for what is missing."""

from django import template

from studies.reports import sentences

register = template.Library()


@register.filter
def signed(value: float | None) -> str:
    return sentences.signed(value)


@register.filter
def plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
