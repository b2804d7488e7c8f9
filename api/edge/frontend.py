"""The built dashboard, on the API's own port."""

import mimetypes
import re
import stat
from os import stat_result
from pathlib import Path

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

HASHED = re.compile(r"assets/.+-[A-Za-z0-9_-]{8,}\.\w+(\.map)?")
"""Files here have a hash of their content in their names, so they never change."""

IMMUTABLE = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
PRECOMPRESSED = {"br": ".br", "gzip": ".gz"}
"""Compressed forms that a build may have of a file, smallest first."""

MISSING = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>orderpulse</title></head>
<body>
<h1>The dashboard is not built yet</h1>
<p>The API itself runs. <code>orderpulse up</code> builds the pages; by hand:</p>
<pre>cd frontend
npm ci
npm run build</pre>
<p>Then reload this page.</p>
</body>
</html>
"""


class Frontend(StaticFiles):
    """Serves the files of a folder, and `index.html` for every other path that may be a page of the dashboard.

    An ASGI application for paths that match no route. The folder may be rebuilt while it serves.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)

    async def check_config(self) -> None:
        """Check nothing: the folder may be created later."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The response to a request. Raises `HTTPException` if there is no such file."""
        if re.match(r"/api(/|$)", scope["path"]):
            raise HTTPException(404)
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        headers = Headers(scope=scope)
        if found := await anyio.to_thread.run_sync(self._find, path, headers):
            return found
        if "." in path.removeprefix(".").rpartition("/")[2]:
            raise HTTPException(404)
        index = await anyio.to_thread.run_sync(self._find, "index.html", headers)
        return index or HTMLResponse(MISSING, 503, {"Cache-Control": "no-store"})

    def _find(self, path: str, asked: Headers) -> Response | None:
        """The file at `path`, in the smallest form that the client accepts; a 304 if the client has it."""
        plain, status = self._file(path)
        if status is None:
            return None
        headers = {
            "Cache-Control": IMMUTABLE if HASHED.fullmatch(path) else ASK_AGAIN,
            "Vary": "Accept-Encoding",
        }
        accepted = {each.partition(";")[0].strip() for each in asked.get("accept-encoding", "").split(",")}
        file = plain
        for encoding, suffix in PRECOMPRESSED.items():
            packed, packed_status = self._file(path + suffix)
            if encoding in accepted and packed_status is not None:
                file, status, headers["Content-Encoding"] = packed, packed_status, encoding
                break
        kind = mimetypes.guess_type(plain)[0] or "application/octet-stream"
        response = FileResponse(file, headers=headers, media_type=kind, stat_result=status)
        return (
            NotModifiedResponse(response.headers)
            if self.is_not_modified(response.headers, asked)
            else response
        )

    def _file(self, path: str) -> tuple[str, stat_result | None]:
        try:
            full_path, status = self.lookup_path(path)
        except (OSError, ValueError):  # not a valid file name, or not readable
            return "", None
        return full_path, status if status is not None and stat.S_ISREG(status.st_mode) else None
