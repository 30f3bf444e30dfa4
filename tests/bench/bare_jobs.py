#!/usr/bin/env python3
"""The least that runs Jobs: COUNT of them, AT_ONCE in flight, made one after the other as those before end. It creates and
it watches, and nothing else: no logs, no records, nothing is cleared away. Prints the seconds that it took.

usage: bare_jobs.py CONFIG.json NAMESPACE COUNT AT_ONCE     CONFIG.json: `kubectl config view --raw --minify -o json`
"""
import base64
import http.client
import json
import ssl
import sys
import tempfile
import threading
import time
import urllib.parse


def connect(config):
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    headers = {"Content-Type": "application/json"}
    if "token" in user:
        headers["Authorization"] = "Bearer " + user["token"]
    else:
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(base64.b64decode(user["client-certificate-data"]))
            pem.write(base64.b64decode(user["client-key-data"]))
            pem.flush()
            context.load_cert_chain(pem.name)
    server = urllib.parse.urlparse(cluster["server"])
    return http.client.HTTPSConnection(server.hostname, server.port, context=context), headers


def job(name):
    container = {"name": "main", "image": "studyctl/tiny:1", "imagePullPolicy": "IfNotPresent", "command": ["true"]}
    pod = {"restartPolicy": "Never", "automountServiceAccountToken": False, "enableServiceLinks": False, "containers": [container]}
    spec = {"backoffLimit": 0, "template": {"metadata": {"labels": {"bare": "yes"}}, "spec": pod}}
    return json.dumps({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec})


def main():
    with open(sys.argv[1]) as file:
        config = json.load(file)
    namespace, count, at_once = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    room, is_over = threading.Semaphore(at_once), threading.Event()

    watching, headers = connect(config)
    watching.request("GET", f"/api/v1/namespaces/{namespace}/pods?watch=1&labelSelector=bare", headers=headers)
    changes = watching.getresponse()

    def watch():
        ended = set()
        for line in changes:
            pod = json.loads(line)["object"]
            if pod["status"]["phase"] not in ("Succeeded", "Failed") or pod["metadata"]["uid"] in ended:
                continue
            ended.add(pod["metadata"]["uid"])
            room.release()
            if len(ended) == count:
                is_over.set()
                return

    begun = time.monotonic()
    threading.Thread(target=watch, daemon=True).start()
    creating, headers = connect(config)
    for number in range(count):
        room.acquire()
        creating.request("POST", f"/apis/batch/v1/namespaces/{namespace}/jobs", job(f"bare-{number}"), headers)
        answer = creating.getresponse()
        said = answer.read()
        if answer.status != 201:
            sys.exit(f"no Job: {said.decode()}")
    is_over.wait()
    print(f"{time.monotonic() - begun:.2f}")


main()
