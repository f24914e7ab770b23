"""What every column of the exports is: the columns themselves, in order, with their meaning."""

from collections.abc import Iterator, Mapping

_WHO = {
    "trial": "Random id of the trial; one answer each. Rating scale: the scroll, over several rows.",
    "participant": "Random id of the visit. A panel's participant id is in no export.",
    "participant_kind": "person, or simulated (a program with known tastes). Previews are left out.",
    "participant_state": "started, consented, declined or finished, when the export was made; who withdrew is only in participants.csv.",
    "counted": "yes if the report uses the row: a finished visit of a kind that counts, no practice.",
    "question": "Number of the question, 1 to 3.",
    "kind": "practice (a photo against damaged copies; the recipes are then intact, damaged and "
    "ruined), scene, agreement (a scroll of the rating scale on which scenes meet, its images the "
    "same for all) or own (such a scroll of images chosen from the participant's own placements).",
    "scene": "Name of the scene.",
}
_VIEWING = {
    "layout": "How it stood on the screen: side_by_side, stacked or flip (two-up), grid, line.",
    "window_width": "Width of the browser's window in CSS pixels when the pictures appeared.",
    "window_height": "Its height.",
    "pixel_ratio": "Device pixels per CSS pixel: the screen's own times the browser's zoom.",
    "picture_scale": "Device pixels per pixel of the pictures: whole from 1 on, below 1 reduced.",
    "pointer": "What the answer came by: mouse, touch, pen or keyboard.",
    "hidden_ms": "Milliseconds of reaction_ms during which the page was out of sight.",
    "blurs": "How often another window took the keyboard meanwhile.",
    "resizes": "How often the window changed its size meanwhile.",
    "zooms": "How often the pictures were zoomed.",
}
_WHEN = {
    "reaction_ms": "Milliseconds from the first paint of the pictures to the answer, as the browser measured them.",
    "planned_at": "When the trial was made (UTC, ISO 8601): the participant's start.",
    "received_at": "When the server stored the answer (UTC, ISO 8601).",
    "revisions": "Other answers to the same trial, kept apart and not used.",
    "undone": "How many of these the participant gave first and took back.",
    **_VIEWING,
}
ANSWER_COLUMNS: dict[str, dict[str, str]] = {
    "two_up": {
        **_WHO,
        "left": "Recipe shown left (stacked: on top; flip: first).",
        "right": "Recipe shown right (stacked: below; flip: second).",
        "choice": "left, right, tie or skip.",
        **_WHEN,
    },
    "single_choice": {
        **_WHO,
        "options": "Recipes in the order shown, parted by blanks; a blank in a name is written _.",
        "choice": "The recipe chosen, written as in options; none or skip.",
        **_WHEN,
    },
    "rating_scale": {
        **_WHO,
        "scroll": "The same as kind.",
        "recipe": "Recipe of the placed picture; empty if the scroll was skipped.",
        "position": "Place on the line in line units, growing toward better; origin and unit are the "
        "participant's own in every scroll, so only differences within a scroll mean something.",
        "moves": "How often the picture was put or carried somewhere; all moves are in the API's answers.",
        "placed_ms": "When it came to its place, in milliseconds from first paint.",
        "window_width": "Width of the browser's window in CSS pixels, which may span several monitors.",
        "window_pixel_ratio": "Device pixels per CSS pixel.",
        "window_distance_cm": "Viewing distance in cm, where the participant stated one.",
        "choice": "skip if the scroll was skipped, else empty.",
        **_WHEN,
    },
}
RANKING_COLUMNS: dict[str, str] = {
    "question": "Number of the question.",
    "model": "headline: the protocol's own model. bradley_terry: Firth's Bradley-Terry through choix "
    "(single choice and rating scale: from derived pairs). without_anchor: the headline "
    "without the anchor. image: pictures within their scene.",
    "scene": "Scene, for pictures.",
    "recipe": "Recipe.",
    "rank": "1 is best; of pictures within their scene.",
    "estimate": "Log-odds with mean 0; rating scale (headline, image): standard deviations of all pictures.",
    "se": "Standard error of the estimate, clustered by participant.",
    "low": "Lower end of the 95 % interval.",
    "high": "Upper end of the 95 % interval.",
    "n": "Trials in which it was shown.",
    "wins": "Times it was preferred.",
    "losses": "Times another was preferred in its place.",
    "share": "Wins per showing.",
    "few_reversals": "True where it has fewer than ten wins or losses: the wider interval is given.",
    "thin": "True where too few answers stand behind the row to lean on it.",
    "mle": "The unpenalised estimate, empty where none is finite.",
    "mle_se_naive": "Its standard error if answers of one participant were independent.",
    "mle_se_clustered": "Its standard error clustered by participant (CR1).",
}


def rows(protocol: str, participants: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The codebook of a study's exports as rows of file, column, meaning.

    Args:
        protocol: whose answers.csv it is.
        participants: the columns of the study's participants.csv.
    """
    for file, columns in (
        ("answers.csv", ANSWER_COLUMNS[protocol]),
        ("ranking.csv", RANKING_COLUMNS),
        ("participants.csv", participants),
    ):
        for column, meaning in columns.items():
            yield {"file": file, "column": column, "meaning": meaning}
    note = "A cell of text that begins with = + - @ is written with an apostrophe in front."
    yield {"file": "all", "column": "", "meaning": note}
