"""The mathematics of the line without ends, run inside the browser."""

import pytest

from tests.browser.modules import Run

pytestmark = pytest.mark.browser


def test_view_to_screen_and_back_is_the_identity(run: Run) -> None:
    worst = run(
        "trial/scale/line.js",
        """m => {
          let worst = 0;
          for (const origin of [0, 3, -1e6, 123456.789])
            for (const scale of [1e-3, 1, 1e6]) {
              const view = {origin, scale, width: 1000};
              for (const pixel of [0, 250, 500, 999])
                worst = Math.max(worst, Math.abs(m.toScreen(view, m.toLine(view, pixel)) - pixel));
            }
          return worst;
        }""",
    )
    assert worst < 0.01


def test_zoom_keeps_what_lies_under_the_pointer(run: Run) -> None:
    moved = run(
        "trial/scale/line.js",
        """m => {
          let view = m.freshView(1200);
          const held = m.toLine(view, 317);
          for (let i = 0; i < 40; i += 1) view = m.zoomed(view, 317, 1.3);
          return Math.abs(m.toScreen(view, held) - 317);
        }""",
    )
    assert moved < 0.5


def test_zoom_to_a_billionth_and_back_changes_no_position_and_tells_neighbours_apart(
    run: Run,
) -> None:
    result = run(
        "trial/scale/line.js",
        """m => {
          const positions = [437.25, 437.25 + 1e-9, -200, 1 / 3];
          const before = positions.map(String);
          let view = m.freshView(1000);
          while (view.width / view.scale > 1e-9) {
            const scale = view.scale;
            view = m.zoomed(view, m.toScreen(view, positions[0]), 1.7);
            if (view.scale === scale) break;
          }
          const apart = m.toScreen(view, positions[1]) - m.toScreen(view, positions[0]);
          const span = view.width / view.scale;
          while (view.width / view.scale < 1000) view = m.zoomed(view, 500, 1 / 1.7);
          return {same: positions.every((p, i) => String(p) === before[i]), apart, span};
        }""",
    )
    assert result["same"]
    assert result["span"] <= 1.8e-9
    assert result["apart"] > 500


def test_zoom_where_numbers_end_stops_instead_of_breaking(run: Run) -> None:
    scales = run(
        "trial/scale/line.js",
        """m => [1.5, 1 / 1.5].map(factor => {
          let view = {...m.freshView(1000), origin: 5e5};
          for (let i = 0; i < 3000; i += 1) view = m.zoomed(view, 400, factor);
          return [view.scale, view.origin];
        })""",
    )
    assert all(0 < scale < 1e16 and abs(origin) < 1e18 for scale, origin in scales)


def test_fitting_shows_every_position_and_a_lone_one_in_the_middle(run: Run) -> None:
    result = run(
        "trial/scale/line.js",
        """m => {
          const view = {...m.freshView(1000), origin: 9e4};
          const at = (positions) => {
            const seen = m.fitting(view, positions, 100);
            return positions.map((p) => Math.round(m.toScreen(seen, p)));
          };
          return [at([-5, 0, 5]), at([42]), at([1, 1 + 1e-12])];
        }""",
    )
    assert result[0] == [100, 500, 900]
    assert result[1] == [500]
    assert all(0 <= x <= 1000 for x in result[2])


def test_lanes_fan_out_overlaps_and_do_not_depend_on_panning(run: Run) -> None:
    result = run(
        "trial/scale/line.js",
        "m => [m.lanes([0, 10, 100, 20], 1, 50), m.lanes([0, 10, 100, 20], 10, 50), m.lanes([7, 7, 7], 1, 50)]",
    )
    assert result == [[0, 1, 0, 2], [0, 0, 0, 0], [0, 1, 2]]


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (15, {"before": 1, "after": 3}),
        (-1, {"before": None, "after": 0}),
        (99, {"before": 3, "after": None}),
    ],
)
def test_neighbours_are_the_nearest_placed_on_either_side(
    run: Run, position: float, expected: dict[str, int | None]
) -> None:
    script = "(m, x) => m.neighbours([0, 10, null, 20, 5], x, 4)"
    assert run("trial/scale/line.js", script, position) == expected


def test_edge_speed_is_nothing_inside_and_grows_to_the_edges(run: Run) -> None:
    speeds = run(
        "trial/scale/line.js", "m => [500, 28, 0, 1000, 972].map(x => m.edgeSpeed(x, 1000))"
    )
    assert speeds == [0, -450, -900, 900, 450]


def test_glide_ends_exactly_at_its_aim_and_holds_the_fixed_point(run: Run) -> None:
    result = run(
        "trial/scale/motion.js",
        """async m => {
          const line = await import("/static/js/trial/scale/line.js");
          const from = {origin: 1 / 3, scale: 2, width: 1000};
          const to = line.zoomed(from, 200, 8);
          const fixed = line.toLine(from, 200);
          const drift = [0.2, 0.5, 0.9].map(t => Math.abs(line.toScreen(m.between(from, to, t), fixed) - 200));
          const end = m.between(from, to, 1);
          return {drift: Math.max(...drift), same: end.origin === to.origin && end.scale === to.scale};
        }""",
    )
    assert result["drift"] < 0.01
    assert result["same"]


def test_history_tells_every_rest_once_and_steps_in_a_row_as_one_move(run: Run) -> None:
    told = run(
        "trial/scale/history.js",
        """m => {
          let now = 0;
          const history = m.createHistory(() => (now += 10.4));
          history.put(2, 5);            // dropped by a pointer
          history.carry(0, 1);          // three steps of a key, then put down
          history.carry(0, 2);
          history.carry(0, 3);
          history.put(0, 3);
          history.carry(0, 4);          // picked up once more
          history.rest();
          history.carry(0, 5);          // and again
          history.put(0, null);         // back into the tray
          return history.told();
        }""",
    )
    assert told == [[2, 10, 5], [0, 42, 3], [0, 52, 4], [0, 62, 5], [0, 73, None]]


def test_history_beyond_what_the_server_takes_keeps_the_last_thousand(run: Run) -> None:
    first, count = run(
        "trial/scale/history.js",
        """m => {
          const history = m.createHistory(() => 1);
          for (let i = 0; i < 1200; i += 1) history.put(0, i);
          return [history.told()[0], history.told().length];
        }""",
    )
    assert (first, count) == ([0, 1, 200], 1000)
