#!/usr/bin/env python3
"""How many pods that ask for a device are on at once, seen from the API server's watch and not by luck.

usage: device_pods.py KUBECONFIG NAMESPACE DEVICE OUT     until it is killed
Writes a line at every change: how many have a node and are not over, and the names of these. A Job makes another pod for one
that is evicted before anybody can take the Job away: it waits without a node, and is no pod that is on.
"""
import base64
import json
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request


def connection(kubeconfig):
    config = json.loads(
        subprocess.check_output(
            ["kubectl", "--kubeconfig", kubeconfig, "config", "view", "--raw", "--minify", "-o", "json"]
        )
    )
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    context = ssl.create_default_context(
        cadata=base64.b64decode(cluster["certificate-authority-data"]).decode()
    )
    with tempfile.NamedTemporaryFile() as pem:
        for part in ("client-certificate-data", "client-key-data"):
            pem.write(base64.b64decode(user[part]))
        pem.flush()
        context.load_cert_chain(pem.name)
    return cluster["server"], context


class DevicePods:
    def __init__(self, device, out):
        self.device, self.out, self.live, self.said = device, out, set(), None

    def put(self, pod):
        asks = any(
            self.device in (container.get("resources", {}).get("limits") or {})
            for container in pod["spec"]["containers"]
        )
        is_over = pod["status"].get("phase") in ("Succeeded", "Failed")
        if asks and not is_over and pod["spec"].get("nodeName"):
            self.live.add(pod["metadata"]["name"])
        else:
            self.live.discard(pod["metadata"]["name"])

    def tell(self):
        line = f"{len(self.live)} {' '.join(sorted(self.live))}"
        if line != self.said:
            print(f"{time.time():.1f} {line}", file=self.out, flush=True)
        self.said = line


def follow(url, context, pods):
    with urllib.request.urlopen(url, context=context, timeout=10) as answer:
        listed = json.load(answer)
    pods.live = set()
    for pod in listed["items"]:
        pods.put(pod)
    pods.tell()
    version = listed["metadata"]["resourceVersion"]
    while True:
        watch = f"{url}?watch=1&resourceVersion={version}"
        with urllib.request.urlopen(watch, context=context, timeout=600) as lines:
            for line in lines:
                change = json.loads(line)
                if change["type"] == "ERROR":
                    return
                version = change["object"]["metadata"]["resourceVersion"]
                if change["type"] == "DELETED":
                    pods.live.discard(change["object"]["metadata"]["name"])
                else:
                    pods.put(change["object"])
                pods.tell()


def main():
    server, context = connection(sys.argv[1])
    with open(sys.argv[4], "w") as out:
        pods = DevicePods(sys.argv[3], out)
        while True:
            try:
                follow(f"{server}/api/v1/namespaces/{sys.argv[2]}/pods", context, pods)
            except (OSError, ValueError, urllib.error.URLError):
                time.sleep(0.2)


main()
