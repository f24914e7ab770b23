"""Hashed static names, also inside our own ES modules' import statements."""

import re
from collections.abc import Callable

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    # Without it a module is loaded twice, hashed and unhashed: two queues in one page.
    support_js_module_import_aggregation = True

    def url_converter(
        self,
        name: str,
        hashed_files: dict[str, str],
        template: str | None = None,
    ) -> Callable[[re.Match[str]], str]:
        """Rewrite imports in our own `js/` only: third parties' files name absent source maps."""
        if name.endswith(".js") and not name.startswith("js/"):
            return lambda match: str(match.group(0))
        converter: Callable[[re.Match[str]], str] = super().url_converter(
            name, hashed_files, template
        )
        return converter
