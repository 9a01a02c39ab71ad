import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.figures import BenchError
from bench.load import new_session
from bench.visitor import Visitor, Weight

STYLE, SCRIPT = gzip.compress(b"a{}" * 500), b"1" * 300
PAGE = b"""<link rel="stylesheet" href="/style.css"><script src="/script.js"></script>
<img src="data:image/gif;base64,R0lGODlhAQAB"><img src="/far.png" loading="lazy"><img src="/style.css">"""
FOREVER = {"Cache-Control": "max-age=315360000, public, immutable"}


class Pages(BaseHTTPRequestHandler):
    answers = {
        "/": (PAGE, {"Content-Type": "text/html"}),
        "/style.css": (STYLE, {"Content-Encoding": "gzip", **FOREVER}),
        "/script.js": (SCRIPT, {"Cache-Control": "max-age=60"}),
    }

    def do_GET(self):
        body, headers = self.answers[self.path]
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def visitor():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Visitor(f"http://127.0.0.1:{server.server_port}", new_session())
    server.shutdown()
    server.server_close()


def test_a_page_weighs_what_is_sent_and_later_without_what_lasts(visitor):
    first = len(PAGE) + len(STYLE) + len(SCRIPT)
    assert visitor.weight("/") == Weight(first=first, later=len(PAGE) + len(SCRIPT))


def test_what_is_no_page_is_not_measured_as_one(visitor):
    with pytest.raises(BenchError, match=r"style\.css"):
        visitor.open("/style.css")
