#!/usr/bin/python3
"""What notifications are sent to in tests: an HTTP server that checks signatures, or a mail server with TLS and a login.

usage: notify_receiver.py http PORT LOG KEY        PORT 0: any; "listens PORT" is printed once it does
       notify_receiver.py smtp PORT LOG CERT KEYFILE USER PASSWORD
A line of JSON for each message is added to LOG. The file `answer` beside LOG, when it is there, is the HTTP status that
is answered, and what follows it on the line the Retry-After. It imports nothing of studyctl's.
"""
import base64
import hashlib
import hmac
import json
import os
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def note(log, entry):
    with open(log, "a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def is_signed(headers, body, key):
    """As https://www.standardwebhooks.com says, with the tolerance that it recommends."""
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > 300:
        return False
    content = headers.get("webhook-id", "").encode() + b"." + stamp.encode() + b"." + body
    wanted = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, one) for one in headers.get("webhook-signature", "").split(" "))


def serve_http(port, log, key):
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = ["204"]
            path = os.path.join(os.path.dirname(os.path.abspath(log)), "answer")
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    answer = file.read().split()
            if self.path.startswith("/redirect"):
                answer = ["302"]
            note(log, {"path": self.path, "id": self.headers.get("webhook-id"), "type": self.headers.get("content-type"),
                       "signed": is_signed(self.headers, body, key), "answered": int(answer[0]), "body": json.loads(body)})
            self.send_response(int(answer[0]))
            if answer[0] == "302":
                self.send_header("Location", "/elsewhere")
            if len(answer) > 1:
                self.send_header("Retry-After", answer[1])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        allow_reuse_address = True

    server = Server(("127.0.0.1", port), Receiver)
    print("listens", server.server_address[1], flush=True)
    server.serve_forever()


def serve_smtp(port, log, files, login):
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    class Keeper:
        async def handle_DATA(self, server, session, envelope):
            note(log, {"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None or smtps,
                       "login": session.authenticated, "text": envelope.content.decode()})
            return "250 kept"

    def authenticate(_server, _session, _envelope, _mechanism, data):
        return AuthResult(success=(data.login.decode(), data.password.decode()) == login)

    smtps = not login[1].startswith("starttls-")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files)
    options = {"authenticator": authenticate, "auth_required": True}
    if smtps:
        controller = Controller(Keeper(), hostname="127.0.0.1", port=port, ssl_context=context,
                                auth_require_tls=False, **options)
    else:
        controller = Controller(Keeper(), hostname="127.0.0.1", port=port, tls_context=context,
                                require_starttls=True, **options)
    controller.start()
    print("listens", port, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "http":
        serve_http(int(sys.argv[2]), sys.argv[3], sys.argv[4].encode())
    else:
        serve_smtp(int(sys.argv[2]), sys.argv[3], sys.argv[4:6], (sys.argv[6], sys.argv[7]))
