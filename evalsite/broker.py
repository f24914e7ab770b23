"""The file-system broker, made safe: a message appears whole or not at all.

Kombu writes a message under its final name, so that a worker that looks in between reads half of
it, and such a message ends the worker ("Unrecoverable error: JSONDecodeError").
"""

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(  # type: ignore[override]  # the stubs of its two bases disagree
        self, queue: str, payload: dict[str, Any], **kwargs: Any
    ) -> None:
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        half = folder / f"{name}.half"
        half.write_text(dumps(payload))
        half.replace(folder / name)


class Transport(filesystem.Transport):
    Channel = Channel
