"""Engine.IO sessions over polling and WebSocket, without a library. Start it with: python3 server.py 8080"""
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection. Each connection has its own thread."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path != "/socket.io/":
            return self.answer(404, "not found")
        query = parse_qs(url.query)  # {"EIO": ["4"], "transport": ["polling"], "sid": ["…"]}
        # TODO: begin a session, or hold the request, or shake hands for a WebSocket.
        # After the handshake the connection is yours: self.rfile.read(n) waits for n bytes, self.wfile.write(b) sends.
        # Set self.close_connection = True when you are done with it.
        self.answer(501, "TODO")

    def do_POST(self):
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if url.path != "/socket.io/":
            return self.answer(404, "not found")
        # TODO: body holds packets for the session of the sid.
        self.answer(501, "TODO")

    def answer(self, status, text):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
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
