"""A worker's main process: shares out the cores, tells that it lives, and sweeps up lost work.

Neither torch nor CUDA is touched here: they must first be used after the fork.
"""

import logging
import os
import shutil
import subprocess
import threading
from typing import Any

import psutil
from celery.signals import celeryd_after_setup, worker_ready, worker_shutting_down
from django.db import DatabaseError, InterfaceError, connections

from stylize.models import Worker, sweep
from stylize.record import torchvision_vgg19
from stylize.rendering import code_version

logger = logging.getLogger(__name__)
BEAT_SECONDS = 5.0
stopping = threading.Event()


def cores() -> int:
    """Those this process may use: a container often gets fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@celeryd_after_setup.connect
def share_cores(sender: str, instance: Any, **_: object) -> None:
    """Each child's torch takes its share of the cores; read from here when the child loads it."""
    code_version()  # before anybody changes the files: the children inherit what was found
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores() // instance.concurrency)))
    # Threads that spin while they wait cost tenfold as soon as anything else uses a core
    # (a rendering of 9 s took 110 s beside another one; waiting passively 12 s).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@worker_ready.connect
def start(sender: Any, **_: object) -> None:
    queues = sorted(sender.app.amqp.queues.consume_from)
    arguments = (sender.hostname, queues, sender.controller.concurrency)
    threading.Thread(target=_live, args=arguments, name="heart", daemon=True).start()


@worker_shutting_down.connect
def stop(**_: object) -> None:
    stopping.set()


def _live(name: str, queues: list[str], processes: int) -> None:
    while True:
        try:
            beat(name, queues, processes)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("heart-beat missed", extra={"reason": str(error)})
        finally:
            connections.close_all()
        if stopping.wait(BEAT_SECONDS):
            return


def beat(name: str, queues: list[str], processes: int) -> None:
    """One heart-beat and one sweep."""
    device, memory_free = _gpu() if "gpu" in queues else ("", None)
    Worker.objects.beat(
        name,
        queues=",".join(queues),
        processes=processes,
        device=device or f"cpu, {cores()} cores",
        memory_free=memory_free or psutil.virtual_memory().available,
        code_version=code_version(),
        vgg19_cached=torchvision_vgg19() is not None,
    )
    if sent := sweep(name, queues, processes):
        logger.info("queued again", extra={"messages": sent})


def _gpu() -> tuple[str, int | None]:
    """Name of the devices, and the bytes free on the fullest, from the driver's own tool."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return "", None
    query = [tool, "--query-gpu=name,memory.free", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        logger.warning("nvidia-smi failed", extra={"reason": str(error)})
        return "", None
    rows = [line.rsplit(",", 1) for line in said.splitlines() if "," in line]
    names = ", ".join(name.strip() for name, _ in rows)
    # "[N/A]" where a device shares the host's memory.
    free = [int(left) * 2**20 for _, left in rows if left.strip().isdigit()]
    return names[:120], min(free, default=None)
