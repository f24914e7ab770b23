"""Does any fault lose an answer or store one twice? python bench/faults.py [--against URL] [--seed N]

A randomised soak: participants in Chromium answer a two-up study while at least 300 faults are
injected: requests that fail, hang for up to 2 s, are stored with the reply lost, meet a 500 or a
proxy's 502; damaged pictures; spells offline; pages closed or crashed before the paint, when
answered, while saving, and between trials. What was lost or doubled is read from the export API,
never from this program's log of what the server said.

With --against a site that runs on this machine is used as it stands: PARAGONE_TOKEN must hold an API
token with the scope read, and --study may name the live two-up study (default: the first). Its
visits count there, so name one made for this. Without a URL a site of its own is started.

Target: 0 lost, 0 doubled, 0 changed, 0 out of order, 0 stuck.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Error, Page, Route, async_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.served import Site  # noqa: E402  the root is no package

HERE = ("127.0.0.1", "localhost", "::1")
AT_ONCE, STUCK_S, PATIENCE_S = 3, 90, 10
REQUESTS = re.compile(r"/(start|state|consent|answers|events|finish)$|/i/[^/]+$")
WORDS = {"ArrowLeft": "left", "ArrowRight": "right"}
STATES = ("before the paint", "when answered", "while saving", "between trials")
OF_REQUESTS, OF_STATES = 0.3, 0.35  # probabilities
WHERE = """() => {
  const view = [...document.querySelectorAll("[data-view]")].find((one) => !one.hidden);
  const failed = document.querySelector("[data-failed]");
  return {
    view: view ? view.dataset.view : document.querySelector("[data-start]") ? "start" : "",
    painted: document.querySelector("[data-painted]")?.dataset.painted ?? "",
    failed: failed !== null && !failed.hidden,
  };
}"""
PROGRESS = """(document.querySelector("[data-progress]").textContent
  + document.querySelector("[data-view]:not([hidden])").dataset.view)"""
PRESSED = {
    "start": "[data-start]",
    "consent": "[data-view=consent] [data-do=agree]",
    "instructions": "[data-view=instructions] [data-do=go]",
    "refused": "[data-view=refused] [data-do=again]",
}


@dataclass
class Soak:
    """What is shared by all visits: where, how many faults so far, and when to stop."""

    site: str
    study: str
    wanted: int
    until: float
    faults: Counter[str] = field(default_factory=Counter)
    visits: list[Visit] = field(default_factory=list)

    @property
    def over(self) -> bool:
        return self.faults.total() >= self.wanted or time.monotonic() > self.until

    def strikes(self, rng: random.Random, probability: float) -> bool:
        return not self.over and rng.random() < probability


@dataclass
class Visit:
    """One participant: what was pressed for each trial, and what the page then took for answered."""

    soak: Soak
    context: BrowserContext
    rng: random.Random
    address: str = ""
    pressed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    taken: dict[str, str] = field(default_factory=dict)
    asked_again: int = 0
    finished: bool = False
    saving: asyncio.Event = field(default_factory=asyncio.Event)

    async def seen(self, page: Page, script: str) -> Any:
        """A crashed page may never answer: then it is as good as gone."""
        try:
            return await asyncio.wait_for(page.evaluate(script), PATIENCE_S)
        except TimeoutError as error:
            raise Error("the page does not answer") from error

    async def walk(self) -> None:
        """From the start page to the thanks, whatever happens on the way."""
        await self.context.route(REQUESTS, self.meddle)
        page = await self.open()
        last, moved, trouble = "", time.monotonic(), ""
        while time.monotonic() - moved < STUCK_S:
            try:
                where = await self.seen(page, WHERE)
                now = f"{where} {page.url}"
                if now != last:
                    last, moved = now, time.monotonic()
                if where["view"] == "thanks":
                    self.finished = True
                    break
                page = await self.step(page, where)
            except Error as error:  # the page is gone or on its way; it is opened anew
                trouble = str(error).splitlines()[0]
                page = await self.open(page if not page.is_closed() else None)
        else:
            print(f"stuck at {last}; last trouble: {trouble}", flush=True)
        with suppress(Error, TimeoutError):
            await asyncio.wait_for(self.context.close(), PATIENCE_S)

    async def step(self, page: Page, where: dict[str, Any]) -> Page:
        if where["failed"]:
            await page.click("[data-failed] [data-do=retry]", timeout=5000)
        elif where["view"] in PRESSED:
            if where["view"] == "start" and self.address:
                await page.goto(self.address)
            else:
                await page.click(PRESSED[where["view"]], timeout=5000)
        elif where["painted"]:
            return await self.answer(page, where["painted"])
        elif where["view"] == "stage" and self.soak.strikes(self.rng, OF_STATES / 12):
            return await self.kill(page, "before the paint")
        elif not where["view"]:
            await asyncio.sleep(0.2)
            await page.reload()
        await asyncio.sleep(0.05)
        if "/v/" in page.url:
            self.address = page.url.partition("#")[0]
        return page

    async def answer(self, page: Page, trial: str) -> Page:
        """Press until the page takes it; a page killed meanwhile may ask again, nothing else may."""
        if trial in self.taken:
            self.asked_again += 1
        if self.soak.strikes(self.rng, OF_STATES / 4):
            await self.offline()
        state = self.rng.choice(STATES[1:]) if self.soak.strikes(self.rng, OF_STATES) else ""
        key = self.rng.choice(("ArrowLeft", "ArrowRight"))
        self.saving.clear()
        progress = await self.seen(page, PROGRESS)
        while (await self.seen(page, WHERE))["painted"] == trial:
            self.pressed[trial].append(key)
            await page.keyboard.press(key)
            await asyncio.sleep(0.02)
        if state == "when answered":  # perhaps not yet stored: then it is asked again
            return await self.kill(page, state)
        # The page goes on only when it has stored the answer.
        while await self.seen(page, PROGRESS) == progress:
            await asyncio.sleep(0.03)
        self.taken.setdefault(trial, key)
        if state == "while saving":
            with suppress(TimeoutError):
                await asyncio.wait_for(self.saving.wait(), 5)
        return await self.kill(page, state) if state else page

    async def offline(self) -> None:
        self.soak.faults["offline"] += 1
        await self.context.set_offline(True)
        seconds = self.rng.uniform(0.5, 6)

        async def online() -> None:
            await asyncio.sleep(seconds)
            while True:  # a page that crashed meanwhile can make it fail
                try:
                    await asyncio.wait_for(self.context.set_offline(False), PATIENCE_S)
                    break
                except (Error, TimeoutError):
                    await asyncio.sleep(0.5)

        self.back_online = asyncio.create_task(online())

    async def kill(self, page: Page, state: str) -> Page:
        self.soak.faults[f"killed {state}"] += 1
        if self.rng.random() < 0.5:
            with suppress(Error, TimeoutError):
                session = await self.context.new_cdp_session(page)
                await asyncio.wait_for(session.send("Page.crash"), 1)
        return await self.open(page)

    async def open(self, page: Page | None = None) -> Page:
        """A new page where the participant would come back; the one before is closed, unasked."""
        if page is not None:
            with suppress(Error, TimeoutError):
                await asyncio.wait_for(page.close(run_before_unload=False), PATIENCE_S)
        made = await self.context.new_page()
        with suppress(Error):
            await made.goto(self.address or f"{self.soak.site}/s/{self.soak.study}/")
        return made

    async def meddle(self, route: Route) -> None:
        """Let a request through, or do to it what networks do."""
        if route.request.url.endswith("/answers"):
            self.saving.set()
        kind = ""
        if self.soak.strikes(self.rng, OF_REQUESTS):
            kind = self.rng.choice(("failed", "slow", "reply lost", "500", "502", "damaged"))
            self.soak.faults[kind] += 1
        with suppress(Error):
            await self.do(kind, route)

    async def do(self, kind: str, route: Route) -> None:
        if kind == "failed":
            await route.abort()
        elif kind == "reply lost":
            await route.fetch()
            await route.abort()
        elif kind in ("500", "502"):
            await route.fulfill(
                status=int(kind), body="<h1>Bad gateway</h1>", content_type="text/html"
            )
        elif kind == "damaged":
            response = await route.fetch()
            body = bytearray(await response.body())
            body[len(body) // 2] ^= 1
            await route.fulfill(response=response, body=bytes(body))
        else:
            if kind == "slow":
                await asyncio.sleep(self.rng.uniform(0.2, 2))
            await route.continue_()


async def soak(browser: Browser, plan: Soak, seed: int) -> None:
    """Visits, some at once, until enough faults were injected and everybody has arrived."""
    numbers = iter(range(10_000))

    async def one_after_another() -> None:
        while not plan.over:
            number = next(numbers)
            context = await browser.new_context(viewport={"width": 1000, "height": 700})
            context.set_default_timeout(5000)
            visit = Visit(plan, context, random.Random(f"{seed}/{number}"))
            plan.visits.append(visit)
            await visit.walk()
            print(f"visit {number}: {len(visit.taken)} answers, {_faults(plan)}", flush=True)

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))


def _faults(plan: Soak) -> str:
    return f"{plan.faults.total()} faults so far"


def judge(plan: Soak, rows: list[dict[str, Any]]) -> Counter[str]:
    """Compare what participants gave with what the export API holds."""
    kept: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        kept[row["participant"]][row["trial"]].append(row)
    found: Counter[str] = Counter(stuck=sum(not visit.finished for visit in plan.visits))
    for visit in plan.visits:
        trials = kept[visit.address.rstrip("/").rpartition("/")[2]] if visit.address else {}
        found["asked again"] += visit.asked_again
        arrived = []
        for trial, keys in visit.pressed.items():
            stored = trials.get(trial, [])
            found["lost"] += trial in visit.taken and not stored
            found["doubled"] += sum(1 + row["revisions"] for row in stored) - bool(stored)
            found["changed"] += any(row["choice"] not in map(WORDS.get, keys) for row in stored)
            arrived += [row["received_at"] for row in stored]
        found["out of order"] += arrived != sorted(arrived)
        found["answers"] += len(arrived)
    return found


def export(site: str, path: str, token: str) -> list[dict[str, Any]]:
    """All pages of a list of the site's API."""
    rows: list[dict[str, Any]] = []
    address: str | None = f"{site}/api/studies/{path}"
    while address:
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=60) as response:
            page = json.load(response)
        rows += page["results"]
        address = page["next"]
    return rows


@contextmanager
def own_site() -> Iterator[tuple[str, str]]:
    """A site in a temporary folder, with a study and a token."""
    with tempfile.TemporaryDirectory(prefix="paragone-faults-") as folder:
        site = Site(Path(folder))
        try:
            site.make(scenes=4, recipes=4, trials_per_participant=10)
            site.manage("collectstatic", "--noinput", "-v0")
            token = site.script(TOKEN).strip()
            site.start()
            yield f"http://127.0.0.1:{site.port}", token
        finally:
            site.end()


TOKEN = """
from evalsite.models import ApiToken
from studies.models import Study
token = ApiToken(owner=Study.objects.get().owner, name="faults", scopes=["read"])
print(token.draw())
token.save()
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", default="", help="a running site on this machine")
    parser.add_argument("--study", default="", help="public id; default: the first live two-up")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=30)
    given = parser.parse_args()
    if given.against and urlsplit(given.against).hostname not in HERE:
        parser.error(f"--against: must be a site on this machine ({', '.join(HERE)})")
    if given.against and not os.environ.get("PARAGONE_TOKEN"):
        parser.error("PARAGONE_TOKEN: must hold an API token with the scope read")
    return given


async def run(given: argparse.Namespace, site: str, token: str) -> int:
    begun = time.monotonic()
    live = [
        study
        for study in export(site, "", token)
        if study["protocol"] == "two_up" and study["state"] in ("live", "pilot")
    ]
    study = given.study or next((one["public_id"] for one in live), "")
    if not study:
        raise SystemExit(f"{site}: has no live two-up study that this token may read")
    plan = Soak(site, study, given.faults, begun + 60 * given.minutes)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = await playwright.chromium.launch(executable_path=chromium, args=options)
        await soak(browser, plan, given.seed)
        await browser.close()
    found = judge(plan, export(site, f"{study}/answers/", token))
    for kind, count in plan.faults.most_common():
        print(f"{count:5} × {kind}")
    wrong = ("lost", "doubled", "changed", "asked again", "out of order", "stuck")
    enough = plan.faults.total() >= given.faults
    good = enough and not any(found[name] for name in wrong)
    print(
        f"{'ok' if good else 'FAILED'}: {', '.join(f'{found[name]} {name}' for name in wrong)}; "
        f"{found['answers']} answers of {len(plan.visits)} visits under {plan.faults.total()} faults "
        f"(wanted {given.faults}), seed {given.seed}, {time.monotonic() - begun:.0f} s"
    )
    return 0 if good else 1


def main() -> int:
    given = arguments()
    if given.against:
        return asyncio.run(run(given, given.against.rstrip("/"), os.environ["PARAGONE_TOKEN"]))
    with own_site() as (site, token):
        return asyncio.run(run(given, site, token))


if __name__ == "__main__":
    sys.exit(main())
