import pytest

from studies.participant import prose


def test_html_of_plain_markdown_is_what_one_expects() -> None:
    made = prose.html("# Hello\n\nI agree **freely**.\n\n- one\n- two")
    assert "<h1>Hello</h1>" in made
    assert "<strong>freely</strong>" in made
    assert made.count("<li>") == 2


def test_table_is_kept() -> None:
    assert "<td>1</td>" in prose.html("|a|b|\n|-|-|\n|1|2|")


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<iframe src=//evil.example></iframe>",
        "<b onclick=alert(1)>x</b>",
        "<style>*{display:none}</style>",
    ],
)
def test_raw_html_is_shown_as_text(markdown: str) -> None:
    made = prose.html(markdown)
    assert "&lt;" in made
    assert not any(f"<{tag}" in made for tag in ("script", "img", "iframe", "b ", "style"))


@pytest.mark.parametrize(
    "markdown", ["![x](https://evil.example/p.png)", "![x][1]\n\n[1]: //evil.example/p.png"]
)
def test_image_never_becomes_one(markdown: str) -> None:
    assert "<img" not in prose.html(markdown)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "JaVaScRiPt:x"])
def test_link_that_runs_something_loses_its_address(url: str) -> None:
    assert "href" not in prose.html(f"[x]({url})")


def test_link_to_a_page_tells_it_nothing() -> None:
    made = prose.html("[lab](https://lab.example/)")
    assert 'href="https://lab.example/"' in made
    assert 'rel="noopener noreferrer"' in made


def test_html_of_nothing_is_nothing() -> None:
    assert prose.html("") == ""
