"""A researcher's Markdown as HTML that is safe in a participant's page: no raw HTML, no images."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {"p", "br", "hr", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
TAGS |= {"h1", "h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td"}


def html(markdown: str) -> SafeString:
    """Convert; what is not in TAGS goes, and links lead to http(s) or mail without a referrer."""
    made = (
        MarkdownIt("commonmark", {"html": False}).enable("table").disable("image").render(markdown)
    )
    clean = nh3.clean(
        made,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    return mark_safe(clean)
