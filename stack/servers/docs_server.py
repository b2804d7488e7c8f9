"""`python -m stack.servers.docs_server HOST PORT FOLDER`: serves dbt's documentation, or a notice until it is built.

Serves only the three files of the page: the folder contains more, and is not listed.
"""

import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

PAGE = "/index.html"
FILES = (PAGE, "/catalog.json", "/manifest.json")
RETRY_S = 30
NOT_BUILT = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>orderpulse, dbt</title>
<meta http-equiv="refresh" content="{RETRY_S}"></head><body>
<p>The documentation of the views has not been built yet. Dagster builds it with the views, a few minutes after
the first start; this page reloads every {RETRY_S} seconds.</p>
<p lang="vi">Tài liệu của các view chưa được tạo. Dagster tạo tài liệu cùng với các view, vài phút sau lần khởi động
đầu tiên; trang này tự tải lại sau mỗi {RETRY_S} giây.</p>
</body></html>
"""


class Handler(SimpleHTTPRequestHandler):
    """Serves the three files; 503 and a notice while the page is missing."""

    def send_head(self):  # type: ignore[no-untyped-def]  # the base class has no types here
        """Send the head and return the file, like the base class."""
        path = urlsplit(self.path).path
        if path not in ("/", *FILES):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        if not (Path(self.directory) / PAGE[1:]).is_file():
            self._not_built()
            return None
        return super().send_head()

    def log_message(self, *_: object) -> None:
        """Log nothing: the proxy logs requests."""

    def _not_built(self) -> None:
        body = NOT_BUILT.encode()
        self.send_response(HTTPStatus.SERVICE_UNAVAILABLE)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", str(RETRY_S))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def main() -> None:
    """Entry point."""
    host, port, folder = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    with ThreadingHTTPServer((host, int(port)), partial(Handler, directory=folder)) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
