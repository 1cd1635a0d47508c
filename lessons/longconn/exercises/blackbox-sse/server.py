"""Carries messages by server-sent events. Start it with: python3 server.py 8080"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Handler(BaseHTTPRequestHandler):
    """Answers one request after the other of one connection. Each connection has its own thread."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if urlsplit(self.path).path != "/messages":
            return self.answer(404, {"error": "not found"})
        # TODO: store the message in body, which is JSON.
        self.answer(501, {"error": "TODO"})

    def do_GET(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query)  # {"after": ["6"]}
        if url.path != "/events":
            return self.answer(404, {"error": "not found"})
        # TODO: a stream has no Content-Length. Its body ends with the connection, so send
        # "Connection: close" with its headers. Each self.wfile.write leaves at once.
        self.answer(501, {"error": "TODO"})

    def answer(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # clients that may connect at the same time
    daemon_threads = True


port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
print(f"http://127.0.0.1:{port}", flush=True)
Server(("127.0.0.1", port), Handler).serve_forever()
