"""The machine a rendering is made on: code, device and memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from stylize.models import Recipe


@cache
def code_version() -> str:
    """Version of the package and commit of the code, or what CODE_VERSION says."""
    if said := os.environ.get("CODE_VERSION"):
        return said
    project = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text("utf-8"))
    version: str = project["project"]["version"]
    describe_commit = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    try:
        commit = subprocess.run(  # a fixed command
            describe_commit, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=10
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        commit = ""
    return f"{version}+{commit}" if commit else version


def device_for(recipe: Recipe, process: int) -> tuple[str, list[str]]:
    """Where to compute, and a note when it is not where the recipe wants it."""
    import torch

    if recipe.queue != "gpu":
        return "cpu", []
    if torch.cuda.is_available():
        return f"cuda:{process % torch.cuda.device_count()}", []
    if settings.GPU_RECIPES_ON_CPU:
        return "cpu", [
            "A recipe for the GPU was rendered on the CPU, as GPU_RECIPES_ON_CPU allows."
        ]
    raise ValueError(
        "queue: the recipe asks for a GPU and this worker has none; "
        "GPU_RECIPES_ON_CPU=1 lets the CPU render it"
    )


def described(device: str) -> dict[str, Any]:
    import torch

    name = torch.cuda.get_device_name(device) if device != "cpu" else "cpu"
    return {"device": name, "torch": torch.__version__, "threads": torch.get_num_threads()}


def forget_peak(device: str) -> None:
    """Count peak memory from here on; where the system cannot, since the process began."""
    if device != "cpu":
        import torch

        torch.cuda.reset_peak_memory_stats(device)
    elif sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory(device: str) -> int:
    """Bytes."""
    if device != "cpu":
        import torch

        return int(torch.cuda.max_memory_allocated(device))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
