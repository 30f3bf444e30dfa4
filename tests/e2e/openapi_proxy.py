#!/usr/bin/env python3
"""Stands between a test and a server, and holds every answer against the API's description.

usage: openapi_proxy.py OPENAPI UPSTREAM DIRECTORY
Prints where it listens. DIRECTORY/faults gets a line for each answer that the description has not; DIRECTORY/seen one for
each that it has: METHOD PATH STATUS.
"""
import http.client
import http.server
import json
import re
import sys
import threading
import urllib.parse

import jsonschema

document = json.load(open(sys.argv[1]))
upstream = urllib.parse.urlsplit(sys.argv[2])
directory = sys.argv[3]
writing = threading.Lock()


def close(schema):
    """Here, unlike for readers, a field that is not described is a fault."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for child in schema.values():
            close(child)
    elif isinstance(schema, list):
        for child in schema:
            close(child)


close(document["components"]["schemas"])


def resolve(thing):
    while "$ref" in thing:
        target = document
        for part in thing["$ref"][2:].split("/"):
            target = target[part]
        thing = target
    return thing


def pattern_of(path):
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(re.escape(part) if i % 2 == 0 else "[^/]+" for i, part in enumerate(parts)) + "$")


# The one that says most by itself first: {run}:stop before {run}.
paths = sorted(document["paths"], key=lambda path: -len(re.sub(r"\{\w+\}", "", path)))
patterns = [(path, pattern_of(path)) for path in paths]


def operation_of(method, path):
    for name, pattern in patterns:
        if pattern.match(path):
            item = document["paths"][name]
            operation = item.get("get" if method == "HEAD" else method.lower())
            return name, operation, item.get("parameters", []) + (operation or {}).get("parameters", [])
    return path, None, []


def fault_of_body(content, kind, body):
    described = content.get(kind) or content.get("*/*")
    if described is None:
        return f"is {kind}, not {' or '.join(content)}" if content or body else None
    if not kind.endswith("json"):
        return None
    schema = {"components": document["components"], **described.get("schema", {})}
    texts = body.splitlines() if kind.endswith("ndjson") else [body]  # there, the schema is a line's
    try:
        validator = jsonschema.Draft202012Validator(schema)
        errors = [error for text in texts for error in sorted(validator.iter_errors(json.loads(text)), key=lambda e: list(e.path))]
    except ValueError as wrong:
        return f"is no JSON: {wrong}"
    return f"{'/'.join(map(str, errors[0].path))}: {errors[0].message[:300]}" if errors else None


def judge(method, target, answer, body):
    split = urllib.parse.urlsplit(target)
    name, operation, parameters = operation_of(method, urllib.parse.unquote(split.path))
    status, kind = answer.status, (answer.getheader("Content-Type") or "").split(";")[0]
    said = f"{method} {name} {status}"
    if operation is None:  # an error is told the same way everywhere
        responses = {} if status < 400 else {"default": document["components"]["responses"]["Problem"]}
    else:
        responses = operation["responses"]
    response = responses.get(str(status)) or (responses.get("default") if status >= 400 else None)
    fault = "is not described" if response is None else None
    known = {resolve(one)["name"] for one in parameters if resolve(one)["in"] == "query"}
    unknown = set(urllib.parse.parse_qs(split.query, keep_blank_values=True)) - known
    if not fault and status < 400 and unknown:
        fault = f"answers ?{' ?'.join(sorted(unknown))}, which is not described"
    for header, about in resolve(response).get("headers", {}).items() if response else ():
        if not fault and about.get("required") and not answer.getheader(header):
            fault = f"has no {header}"
    if not fault and method != "HEAD":
        fault = fault_of_body(resolve(response).get("content", {}), kind, body)
    with writing, open(f"{directory}/{'faults' if fault else 'seen'}", "a") as file:
        print(f"{said}: {target}: {fault}" if fault else said, file=file)


class Proxy(http.server.BaseHTTPRequestHandler):
    def forward(self):
        length = int(self.headers.get("Content-Length") or 0)
        connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=120)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() != "connection":
                    connection.putheader(name, value)
            connection.endheaders(self.rfile.read(length) if length else None)
            answer = connection.getresponse()
        except OSError as gone:
            return self.send_error(502, str(gone))
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "keep-alive", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        body = b""
        try:
            while part := answer.read1(65536):
                body += part
                self.wfile.write(part)
                self.wfile.flush()
        except OSError:
            return None  # who asked, or who answers, has gone
        finally:
            connection.close()
        return judge(self.command, self.path, answer, body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = forward

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
server.daemon_threads = True
print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
