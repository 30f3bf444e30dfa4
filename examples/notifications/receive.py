#!/usr/bin/env python3
"""Prints what studyctl tells it, if it is signed with our key.

usage: STUDYCTL_SECRET_RECEIVER_HMAC=KEY receive.py [PORT]
"""
import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = os.environ["STUDYCTL_SECRET_RECEIVER_HMAC"].encode()
seen = set()


def is_ours(headers, body):
    identifier, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > 300:
        return False  # somebody says again what was said long ago
    signed = f"{identifier}.{stamp}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, one) for one in headers.get("webhook-signature", "").split())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_ours(self.headers, body):
            return self.answer(401)
        if self.headers["webhook-id"] not in seen:  # else it comes once more, as the answer was lost
            seen.add(self.headers["webhook-id"])
            told(json.loads(body))
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


def told(event):
    data = event["data"]
    if "experiment" in data:
        experiment = data["experiment"]
        words = f"{experiment['parameters']}: {experiment['message']}"
    elif "total" in data:
        words = f"{data['succeeded']} of {data['total']} succeeded"
    else:
        words = "it arrives"
    print(event["time"], data["study"], data["occasion"], words, sep="  ", flush=True)


HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Receiver).serve_forever()
