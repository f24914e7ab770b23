"""The scripts' logic, run inside the browser from the collected static files."""

import hashlib

import pytest

from tests.browser.modules import PLAIN, SECURE, Run
from tests.factories import png

pytestmark = pytest.mark.browser

# --- sha256: FIPS 180-4 examples and their neighbours, against hashlib ---


@pytest.mark.parametrize("origin", [SECURE, PLAIN])
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        ("a" * 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ],
)
def test_sha256_on_fips_vectors_gives_the_published_digest(
    run: Run, message: str, expected: str, origin: str
) -> None:
    assert (
        run("sha256.js", "(m, x) => m.sha256(new TextEncoder().encode(x).buffer)", message, origin)
        == expected
    )


def test_own_sha256_at_every_length_around_a_block_agrees_with_hashlib(run: Run) -> None:
    digests = run(
        "sha256.js",
        """m => Array.from({length: 131}, (_, n) => Array.from(
             m.ownSha256(Uint8Array.from({length: n}, (_, i) => (i * 7 + n) % 256)),
             b => b.toString(16).padStart(2, "0")).join(""))""",
    )
    for n, digest in enumerate(digests):
        assert digest == hashlib.sha256(bytes((i * 7 + n) % 256 for i in range(n))).hexdigest()


def test_plain_http_has_neither_subtle_nor_random_uuid_so_the_fallbacks_are_what_ran(
    run: Run,
) -> None:
    assert run("uuid.js", "() => [!!crypto.subtle, !!crypto.randomUUID]", origin=PLAIN) == [
        False,
        False,
    ]


@pytest.mark.parametrize("origin", [SECURE, PLAIN])
def test_uuid_is_version_four_and_never_twice(run: Run, origin: str) -> None:
    drawn = run("uuid.js", "m => Array.from({length: 500}, () => m.uuid())", origin=origin)
    assert len(set(drawn)) == 500
    assert all(len(one) == 36 and one[14] == "4" and one[19] in "89ab" for one in drawn)


# --- backoff and queue ---


def test_backoff_doubles_up_to_its_bound_and_keeps_its_lower_half(run: Run) -> None:
    low, high = run(
        "backoff.js",
        """m => [0, 1].map(r => [1, 2, 3, 4, 12].map(
             n => m.backoff(n, {first: 500, most: 15000, random: () => r})))""",
    )
    assert low == [250, 500, 1000, 2000, 7500]
    assert high == [500, 1000, 2000, 4000, 15000]


QUEUE = """async (m, x) => {
  const {openStore, memory} = await import("/static/js/store.js");
  const {Refused, Unreachable} = await import("/static/js/server.js");
  const sent = [], statuses = [];
  const outcomes = x.outcomes;
  const make = (store) => m.createQueue({visit: "v", store, delay: () => 1,
    changed: (status) => statuses.push(status.state),
    send: async (body) => {
      const outcome = outcomes.shift();
      if (outcome === "down") throw new Unreachable("down");
      if (outcome === "foreign") throw new Unreachable("403", 403);
      if (outcome === "no") throw new Refused(400, "chosen: must be one of a, b", {});
      sent.push(body.trial);
    }});
  const queue = make(openStore("v", [memory()]));
  for (const trial of x.trials) await queue.add({trial});
  await queue.flushed();
  const status = queue.status();
  return {sent, refused: status.refused, pending: status.pending, waited: statuses.includes("waiting")};
}"""


def test_queue_when_sends_fail_retries_in_order_until_all_are_there(run: Run) -> None:
    outcomes = ["down", "down", "ok", "down", "ok", "ok"]
    result = run("queue.js", QUEUE, {"trials": ["1", "2", "3"], "outcomes": outcomes})
    assert result == {"sent": ["1", "2", "3"], "refused": [], "pending": 0, "waited": True}


def test_queue_when_one_is_refused_for_good_sets_it_aside_with_its_reason_and_goes_on(
    run: Run,
) -> None:
    result = run("queue.js", QUEUE, {"trials": ["1", "2", "3"], "outcomes": ["ok", "no", "ok"]})
    assert result["sent"] == ["1", "3"]
    assert result["refused"] == [{"trial": "2", "reason": "chosen: must be one of a, b"}]


def test_queue_when_a_foreign_page_refuses_takes_it_for_a_no_only_after_many_tries(
    run: Run,
) -> None:
    patient = run("queue.js", QUEUE, {"trials": ["1"], "outcomes": ["foreign"] * 7})
    assert patient["sent"] == ["1"]
    final = run("queue.js", QUEUE, {"trials": ["1"], "outcomes": ["foreign"] * 8})
    assert (final["sent"], len(final["refused"])) == ([], 1)


def test_queue_when_the_browser_does_not_let_go_of_an_answer_sends_it_once(run: Run) -> None:
    sent = run(
        "queue.js",
        """async m => {
          const {openStore, memory} = await import("/static/js/store.js");
          const sticky = {...memory(), remove: () => Promise.reject(new Error("read only"))};
          const sent = [];
          const queue = m.createQueue({visit: "v", store: openStore("v", [sticky]), delay: () => 1,
            send: async (body) => { sent.push(body.trial); }});
          await queue.add({trial: "1"});
          await queue.add({trial: "2"});
          await queue.flushed();
          return sent;
        }""",
    )
    assert sent == ["1", "2"]


def test_queue_after_the_clock_was_set_back_puts_new_answers_last(run: Run) -> None:
    sent = run(
        "queue.js",
        """async m => {
          const {openStore, memory} = await import("/static/js/store.js");
          const store = openStore("v", [memory()]);
          await store.put({uuid: "early", visit: "v", order: Date.now() + 9e9, body: {trial: "1"}});
          const sent = [];
          const queue = m.createQueue({visit: "v", store, send: async (body) => { sent.push(body.trial); }});
          await queue.add({trial: "2"});
          await queue.flushed();
          return sent;
        }""",
    )
    assert sent == ["1", "2"]


def test_queue_asked_for_its_trials_while_an_answer_arrives_knows_it_all_the_same(run: Run) -> None:
    trials = run(
        "queue.js",
        """async m => {
          const {openStore, memory} = await import("/static/js/store.js");
          const kept = openStore("v", [memory()]);
          let arrive, saved, slow = false;
          const arrived = new Promise((resolve) => (arrive = resolve));
          const done = new Promise((resolve) => (saved = resolve));
          const all = async () => {
            const late = slow;
            const items = await kept.all();
            if (late) {
              slow = false;
              arrive();
              await done;
            }
            return items;
          };
          const queue = m.createQueue({visit: "v", store: {...kept, all}, send: () => arrived,
            changed: ({state}) => state === "saved" && saved()});
          await queue.add({trial: "1"});
          slow = true;
          return [...(await queue.trials())];
        }""",
    )
    assert trials == ["1"]


def test_store_when_the_first_backend_refuses_uses_the_next_and_says_whether_it_lasts(
    run: Run,
) -> None:
    result = run(
        "store.js",
        """async m => {
          const broken = {durable: true, put: () => Promise.reject(new Error("full")),
                          all: () => Promise.reject(new Error("no")), remove: () => Promise.reject(new Error("no"))};
          const store = m.openStore("v", [broken, m.memory()]);
          const lasts = await store.put({uuid: "u", visit: "v", order: 1, body: {}});
          const there = (await store.all()).length;
          await store.remove("u");
          return [lasts, there, (await store.all()).length];
        }""",
    )
    assert result == [False, 1, 0]


@pytest.mark.parametrize("backend", ["indexedDb()", "webStorage('v')"])
def test_store_after_another_page_wrote_reads_in_order_and_only_its_own_visit(
    run: Run, backend: str
) -> None:
    result = run(
        "store.js",
        f"""async m => {{
          const write = m.openStore("v", [m.{backend}]);
          for (const [uuid, visit, order] of [["b", "v", 2], ["a", "v", 1], ["c", "w", 0]])
            await write.put({{uuid, visit, order, body: {{}}}});
          const read = m.openStore("v", [m.{backend}]);
          const found = (await read.all()).map(item => item.uuid);
          for (const uuid of ["a", "b", "c"]) await read.remove(uuid);
          return [found, (await read.all()).length];
        }}""",
    )
    assert result == [["a", "b"], 0]


# --- images ---

LOADER = """async (m, x) => {
  const {sha256} = await import("/static/js/sha256.js");
  const bytes = (n) => new Uint8Array([n, n, n]).buffer;
  const pictures = [];
  for (let n = 0; n < x.count; n += 1)
    pictures.push({address: String(n), sha256: await sha256(bytes(n)), width: 1, height: 1});
  let now = 0, most = 0, calls = 0;
  const caches = [];
  const get = async (address, options) => {
    calls += 1; now += 1; most = Math.max(most, now); caches.push(options.cache);
    await new Promise((done) => setTimeout(done, 5));
    now -= 1;
    const bad = calls <= x.corrupt;
    return new Response(bad ? bytes(99) : bytes(Number(address)));
  };
  const loader = m.createLoader({url: (address) => address, get, delay: () => 1,
    decode: async () => { if (x.broken) throw new Error("cannot be decoded"); }});
  let failed = "";
  await loader.load(pictures).catch((error) => { failed = error.message; });
  return {most, calls, failed, caches};
}"""


def test_loader_with_many_pictures_fetches_four_at_once(run: Run) -> None:
    result = run("images.js", LOADER, {"count": 13, "corrupt": 0})
    assert (result["most"], result["calls"], result["failed"]) == (4, 13, "")


def test_loader_when_bytes_do_not_match_fetches_anew_past_the_cache(run: Run) -> None:
    result = run("images.js", LOADER, {"count": 1, "corrupt": 2})
    assert (result["failed"], result["caches"]) == ("", ["default", "reload", "reload"])


def test_loader_when_bytes_never_match_gives_up_with_the_reason(run: Run) -> None:
    result = run("images.js", LOADER, {"count": 1, "corrupt": 99})
    assert result["calls"] == 4
    assert "bytes" in result["failed"]


def test_loader_when_a_picture_cannot_be_decoded_shows_none(run: Run) -> None:
    result = run("images.js", LOADER, {"count": 1, "corrupt": 0, "broken": True})
    assert "decoded" in result["failed"]


def test_loader_given_a_real_picture_decodes_it_and_refuses_bytes_that_are_none(run: Run) -> None:
    result = run(
        "images.js",
        """async (m, [good, bad]) => {
          const {sha256} = await import("/static/js/sha256.js");
          const outcome = async (numbers) => {
            const bytes = Uint8Array.from(numbers).buffer;
            const loader = m.createLoader({url: (a) => a, get: async () => new Response(bytes), delay: () => 1});
            const picture = {address: "p", sha256: await sha256(bytes), width: 3, height: 2};
            return loader.load([picture]).then(() => "shown", (error) => error.name);
          };
          return [await outcome(good), await outcome(bad)];
        }""",
        [list(png(1, 3, 2)), [1, 2, 3]],
    )
    assert result == ["shown", "EncodingError"]


# --- the visit's log ---

LOG = """async (m, x) => {
  const {openStore, memory} = await import("/static/js/store.js");
  const sent = [];
  let free = () => {};
  const answers = {flushed: () => new Promise((done) => { free = done; })};
  const log = m.createLog({visit: "v", answers, store: openStore("v/events", [memory()]),
    send: async (event) => { sent.push(event); }});
  for (let n = 0; n < x.notes; n += 1) await log.note("opened", {n});
  const early = sent.length;
  const timer = setInterval(() => free(), 1);
  while (sent.length < x.expected) await new Promise((done) => setTimeout(done, 5));
  clearInterval(timer);
  return {early, sent: sent.map((event) => [event.kind, event.content.n, event.waited_ms >= 0])};
}"""


def test_log_sends_nothing_while_an_answer_waits_then_all_in_order(run: Run) -> None:
    result = run("log.js", LOG, {"notes": 3, "expected": 3})
    assert result == {"early": 0, "sent": [["opened", n, True] for n in range(3)]}


def test_log_keeps_a_hundred_and_no_more(run: Run) -> None:
    result = run("log.js", LOG, {"notes": 130, "expected": 100})
    assert [n for _, n, _ in result["sent"]] == list(range(100))


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
            "Chromium",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox"),
        (
            "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari",
        ),
        ("curl/8", "other"),
    ],
)
def test_log_knows_the_family_of_a_browser_and_no_more(run: Run, agent: str, family: str) -> None:
    assert run("log.js", "(m, x) => m.family(x)", agent) == family


# --- sizes ---


@pytest.mark.parametrize(
    ("picture", "box", "ratio", "expected"),
    [
        ((256, 256), (700, 600), 1, 512),  # twice, not 2.34 times
        ((512, 512), (600, 600), 1, 512),  # as it is
        ((512, 384), (256, 256), 1, 256),  # reduced to fit
        ((256, 256), (350, 350), 3, 256 * 4 / 3),  # four device pixels each
    ],
)
def test_fit_enlarges_by_whole_factors_of_device_pixels_only(
    run: Run, picture: tuple[int, int], box: tuple[int, int], ratio: int, expected: float
) -> None:
    sides = [{"width": w, "height": h} for w, h in (picture, box)]
    fitted = run("fit.js", "(m, [p, b, r]) => m.fit(p, b, r)", [*sides, ratio])
    assert fitted["width"] == pytest.approx(expected)


@pytest.mark.parametrize(("count", "most"), [(2, 2), (3, 3), (6, 3), (8, 4)])
def test_grid_on_a_laptop_shows_all_without_scrolling(run: Run, count: int, most: int) -> None:
    picture, room = {"width": 512, "height": 384}, {"width": 1300, "height": 500}
    grid = run(
        "trial/grid.js",
        "(m, [n, p, r]) => m.bestGrid(Array(n).fill(p), r, false, 1)",
        [count, picture, room],
    )
    rows = -(-count // grid["columns"])
    assert grid["columns"] <= most
    assert rows * grid["size"]["height"] <= room["height"]
    assert grid["columns"] * grid["size"]["width"] <= room["width"]


# --- texts ---


def test_texts_choose_the_plural_and_fill_in_values(run: Run) -> None:
    words = run(
        "texts.js",
        """m => {
          const root = document.createElement("div");
          root.innerHTML = `<template data-texts><p data-key="left" data-plural="one">{n} picture</p>
            <p data-key="left" data-plural="other">{n} pictures</p><p data-key="plain">{x}, {y}</p></template>`;
          const text = m.readTexts(root, "en");
          return [text("left", {n: 1}), text("left", {n: 3}), text("plain", {x: "a"}), text("absent")];
        }""",
    )
    assert words == ["1 picture", "3 pictures", "a, {y}", "absent"]
