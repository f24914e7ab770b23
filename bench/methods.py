"""Speed of the methods, as ratios in one run: python bench/methods.py [smoothing loop gatys]

smoothing: closed-form smoothing of a 512 × 512 photograph (astronaut, its noisy recolouring as the
result, α = 0.9999) by our solver against `scipy.sparse.linalg.factorized` and three solves on the
same matrix, the authors' way. The matrix is built once; each solve is a child process that loads
it, sets the kernel's mark of its peak memory back (Linux), solves, and reads the mark: what lies
above the memory at the start is the solver's, without the matrix and the libraries. Wall time of
the solve alone, alternating runs, medians. Targets, with either affinity: >= 2 x as fast, peak memory
<= 1/3, largest difference between both solutions < 1e-4.

loop: evaluations per second of `solvers.optimize.minimise` (progress, cancel, best picture) against
a bare `torch.optim.LBFGS` on the same loss, encoder and start, at 256 and 512 px; median ratio of
seven pairs that take turns in going first. glibc keeps what both sides free: left to itself it gives
the top of the heap back after some evaluations and not after others, which moves either side by a
tenth. Target: >= 0.95 x.

gatys: 200 evaluations of Gatys at 256 px, in four chunks, with `pyramid` against a randomly
initialised `vgg19` to relu4_1 (what it costs, not what it looks like). Target: >= 3 x as fast.

Prints one line per part and one line of ratios at the end; exits 1 on a missed target.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import factorized
from skimage import data
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from stylize import encoders, imaging  # noqa: E402
from stylize.encoders.weights import random_weights  # noqa: E402
from stylize.losses.base import Sight  # noqa: E402
from stylize.losses.loop import content_loss, style_loss  # noqa: E402
from stylize.methods.gatys import METHOD, Parameters  # noqa: E402
from stylize.painter import PAINTINGS  # noqa: E402
from stylize.record import Guides, Run  # noqa: E402
from stylize.solvers import matting  # noqa: E402
from stylize.solvers.affinity import gaussian_affinity, matting_affinity  # noqa: E402
from stylize.solvers.optimize import minimise  # noqa: E402

RUNS, SIZE, ALPHA = 3, 512, 0.9999


@dataclass(frozen=True)
class Part:
    ratios: str  # for the last line
    passed: bool


# --- smoothing -------------------------------------------------------------------------------

Affinity = Literal["matting", "gaussian"]
AFFINITIES: tuple[Affinity, ...] = ("matting", "gaussian")
SPEED_TARGET, MEMORY_TARGET, ERROR_TARGET = 2.0, 1 / 3, 1e-4


def smoothing(runs: int) -> Part:
    said, passed = [], True
    for affinity in AFFINITIES:
        ours: list[dict[str, float]] = []
        direct: list[dict[str, float]] = []
        with tempfile.TemporaryDirectory() as folder:
            build(affinity, folder)
            for _ in range(runs):
                ours.append(solved_by("ours", affinity, folder))
                direct.append(solved_by("direct", affinity, folder))
            ours_found, direct_found = (
                np.load(f"{folder}/{side}.npy") for side in ("ours", "direct")
            )
        error = float(np.abs(ours_found - direct_found).max())
        speed = middle(direct, "seconds") / middle(ours, "seconds")
        memory = middle(ours, "megabytes") / middle(direct, "megabytes")
        passed &= speed >= SPEED_TARGET and memory <= MEMORY_TARGET and error < ERROR_TARGET
        for name, figures in (("Paragone", ours), ("factorized", direct)):
            shown = f"{middle(figures, 'seconds'):7.2f} s  {middle(figures, 'megabytes'):6.0f} MB"
            print(f"smoothing  {affinity:8}  {name:10}  {shown}", flush=True)
        said.append(f"{affinity} {speed:.1f}x as fast, memory {memory:.2f}x, error {error:.0e}")
    return Part(
        f"smoothing {'; '.join(said)} (targets {SPEED_TARGET:g}x, {MEMORY_TARGET:.2f}x, "
        f"{ERROR_TARGET:g})",
        passed,
    )


def solved_by(side: str, affinity: str, folder: str) -> dict[str, float]:
    """`solve_once` in a process of its own."""
    command = [sys.executable, __file__, "--solve", side, affinity, folder]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    figures: dict[str, float] = json.loads(printed)
    return figures


def build(affinity: str, folder: str) -> None:

    contents, _ = pictures()
    weights = (matting_affinity if affinity == "matting" else gaussian_affinity)(contents)
    system = sparse.diags_array(weights.sum(1)) - ALPHA * weights
    sparse.save_npz(f"{folder}/system.npz", system.tocsr())


def solve_once(side: str, affinity: Affinity, folder: str) -> None:

    contents, results = pictures()
    system = sparse.load_npz(f"{folder}/system.npz")
    # Row sums of D - αW are (1 - α) D.
    right = system.sum(1)[:, None] * results.reshape(-1, 3)
    run = Run(0)
    # Both sides' code is loaded and has run once before memory and time are looked at.
    small = contents[:40, :40].copy()
    matting.smoothed(small, small, run)
    factorized(sparse.eye_array(40, format="csc"))
    before, begun = resident_from_now(), time.perf_counter()
    if side == "ours":
        ones = np.ones((len(right), 1))
        near = ones if affinity == "gaussian" else np.hstack([ones, contents.reshape(-1, 3)])
        edge = matting.AGGREGATES[affinity]
        start = results.reshape(-1, 3)
        found = matting.solve(system, right, start, near, (SIZE, SIZE), edge, run)
    else:
        solve = factorized(system.tocsc())
        found = np.stack([solve(right[:, channel]) for channel in range(3)], 1)
    seconds = time.perf_counter() - begun
    if run.notes:
        raise SystemExit(run.notes[0])
    print(json.dumps({"seconds": seconds, "megabytes": (peak() - before) / 1024}))
    np.save(f"{folder}/{side}.npy", found)


def pictures() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A photograph, and what a method that paints noise might have made of it."""

    contents = np.ascontiguousarray(data.astronaut() / 255.0)
    noise = np.random.default_rng(0).standard_normal(contents.shape)
    return contents, np.clip(0.8 * contents[..., [2, 0, 1]] + 0.1 + 0.1 * noise, 0, 1)


def resident_from_now() -> float:
    """Resident memory in KiB, from which on `peak` counts: earlier peaks are forgotten."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak() -> float:
    """Peak of resident memory in KiB."""
    status = Path("/proc/self/status").read_text()
    return float(status.split("VmHWM:")[1].split()[0])


# --- loop ------------------------------------------------------------------------------------

LOOP_TARGET, LOOP_PAIRS, EVALUATIONS = 0.95, 7, {256: 16, 512: 8}


def loop(runs: int) -> Part:
    keep_heap()
    said, passed = [], True
    for size, evaluations in EVALUATIONS.items():
        loss, start = style_and_content(size)
        ways = {"Paragone": minimise_ours, "bare LBFGS": minimise_plainly}
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for way in ways.values():
            timed(way, loss, start, 2)  # filters are made once
        for _ in range(LOOP_PAIRS):
            for name, way in ways.items():
                taken[name].append(timed(way, loss, start, evaluations))
            ways = dict(reversed(ways.items()))  # nobody is always first
        pairs = zip(taken["bare LBFGS"], taken["Paragone"], strict=True)
        ratio = statistics.median(bare / ours for bare, ours in pairs)
        passed &= ratio >= LOOP_TARGET
        for name, seconds in taken.items():
            rate = evaluations / statistics.median(seconds)
            print(f"loop  {size} px  {name:10}  {rate:6.2f} evaluations/s", flush=True)
        said.append(f"{size} px {ratio:.2f}x")
    return Part(f"loop {', '.join(said)} a bare loop's rate (target {LOOP_TARGET:g}x)", passed)


def keep_heap() -> None:
    """No page of this process's heap goes back to the system any more (glibc's M_TRIM_THRESHOLD)."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for option in (-1, -3):  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
            libc.mallopt(option, 2**30)


def style_and_content(size: int) -> tuple[Callable[[Tensor], Tensor], Tensor]:

    content, style = pair(size)
    encoder = encoders.get("pyramid", "cpu").fitted(content, style)
    sight = Sight(encoder, encoder.enter(content), encoder.enter(style), Guides(), 0)
    style_part, content_part = style_loss(sight), content_loss(sight)

    def loss(planes: Tensor) -> Tensor:
        features = encoder.features(planes)
        return style_part(planes, features) + 0.03 * content_part(planes, features)

    return loss, sight.content


def minimise_ours(loss: Callable[[Tensor], Tensor], start: Tensor, evaluations: int) -> None:

    minimise(loss, start, evaluations, Run(0))


def minimise_plainly(loss: Callable[[Tensor], Tensor], start: Tensor, evaluations: int) -> None:

    variable = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [variable], max_iter=evaluations, max_eval=evaluations, history_size=30,
        tolerance_grad=0, tolerance_change=0, line_search_fn="strong_wolfe",
    )  # fmt: skip
    count = 0

    def closure() -> Tensor:
        nonlocal count
        count += 1
        if count > evaluations:  # a line search may go on beyond max_eval
            raise StopIteration
        optimizer.zero_grad()
        value = loss(variable)
        value.backward()
        return value

    with contextlib.suppress(StopIteration):
        optimizer.step(closure)


# --- gatys -----------------------------------------------------------------------------------

GATYS_TARGET, CHUNKS, CHUNK = 3.0, 4, 50


def gatys(runs: int) -> Part:

    deep = random_weights(0)
    kept = list(deep.kernels)[: list(deep.kernels).index("4_1") + 1]
    encoders.provide("vgg19", replace(deep, kernels={name: deep.kernels[name] for name in kept}))
    content, style = pair(256)
    seconds: dict[str, list[float]] = {"pyramid": [], "vgg19": []}
    for _ in range(CHUNKS):
        for encoder, taken in seconds.items():
            taken.append(timed(stylized, encoder, content, style))
    for encoder, taken in seconds.items():
        rate = CHUNK / statistics.median(taken)
        print(f"gatys  256 px  {encoder:8}  {rate:6.2f} evaluations/s", flush=True)
    ratio = statistics.median(seconds["vgg19"]) / statistics.median(seconds["pyramid"])
    return Part(
        f"gatys on pyramid {ratio:.1f}x as fast as on random vgg19 (target {GATYS_TARGET:g}x)",
        ratio >= GATYS_TARGET,
    )


def stylized(encoder: str, content: Tensor, style: Tensor) -> None:
    """`CHUNK` evaluations at full size, as the method runs them; none at the coarse size."""

    parameters = Parameters(coarse_evaluations=0, fine_evaluations=CHUNK)
    METHOD.apply(content, style, parameters, Run(0, encoder=encoder))


# --- all -------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[int], Part]] = {"smoothing": smoothing, "loop": loop, "gatys": gatys}


def pair(size: int) -> tuple[Tensor, Tensor]:
    """A square photograph and a painting, (1, 3, size, size) both."""

    painting = PAINTINGS["brush strokes"](np.random.default_rng(1), size)
    arrays = data.astronaut(), painting
    content, style = (imaging.resize_to_longest(each, size) for each in arrays)
    return tuple(torch.from_numpy(imaging.to_planes(each))[None] for each in (content, style))


def timed(work: Callable[..., None], *given: object) -> float:
    begun = time.perf_counter()
    work(*given)
    return time.perf_counter() - begun


def middle(figures: list[dict[str, float]], part: str) -> float:
    return statistics.median(one[part] for one in figures)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--solve", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.solve:
        solve_once(*asked.solve)
        return 0
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    done = [PARTS[name](asked.runs) for name in asked.parts or PARTS]
    passed = all(part.passed for part in done)
    ratios = ", ".join(part.ratios for part in done)
    print(f"{'ok' if passed else 'MISSED'}: {ratios}, medians of {asked.runs}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
