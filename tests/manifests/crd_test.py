#!/usr/bin/env python3
"""manifests/crd.yaml is what manifests/study.schema.json comes to as a CustomResourceDefinition: UPDATE_GOLDEN=1 writes it.

The schema of a CRD is a "structural" one: no references, one type a place, and what it does not name is thrown away. So
what has several types is left open, and nothing is thrown away anywhere: the operator refuses it by its name.
usage: crd_test.py SOURCE_DIRECTORY"""
import json
import os
import pathlib
import sys

import yaml

source = pathlib.Path(sys.argv[1])
schema = json.loads((source / "manifests/study.schema.json").read_text())
KEEP = "x-kubernetes-preserve-unknown-fields"
PLAIN = ("pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "minProperties", "maxProperties",
         "exclusiveMinimum", "exclusiveMaximum", "required", "enum")


def resolved(node):
    """The node with what it refers to, whose description it may replace."""
    while "$ref" in node:
        target = schema
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def structural(node):
    node = resolved(node)
    said = {"description": node["description"]} if "description" in node else {}
    kind = node.get("type")
    if kind is None and "enum" in node and all(isinstance(value, str) for value in node["enum"]):
        kind = "string"
    if not isinstance(kind, str) or "anyOf" in node:
        return {**said, KEEP: True}
    out = {"type": kind, **said, **{key: node[key] for key in PLAIN if key in node}}
    if kind == "array":
        out["items"] = structural(node.get("items", {}))
    if kind == "object":
        extra = node.get("additionalProperties")
        if "properties" in node:
            out["properties"] = {name: structural(one) for name, one in node["properties"].items()}
        if isinstance(extra, dict):
            out["additionalProperties"] = structural(extra)
        else:
            out[KEEP] = True
    return out


def column(name, kind, path, description, **more):
    return {"name": name, "type": kind, "jsonPath": path, "description": description, **more}


def text(description):
    return {"type": "string", "description": description}


def count(description):
    return {"type": "integer", "format": "int64", "description": description}


STATUS = {
    "type": "object",
    "description": "What became of it; of one size, however many experiments there are. studies.db has each of them",
    "properties": {
        "observedGeneration": count("The generation of the object that this is about"),
        "observedAnnotations": text("A hash of the object's annotations of studyctl.io that this is about"),
        "run": text("The directory of its newest run, on the operator's volume"),
        "runId": text("Its id"),
        "state": text("As `studyctl get runs` shows it; Refused: the object cannot be run as it is, and message says why"),
        "message": text("Why it is in this state, or what it waits for"),
        "total": count("Repetitions: experiments times cycles"),
        "succeeded": count("Of these, those that succeeded, cached ones included"),
        "failed": count("Those that failed for good"),
        "ended": count("Those that have come to an end, whatever it is"),
        "done": text("ended/total"),
        "eta": text("About how long it will take yet"),
        "startedAt": text("RFC 3339"),
        "finishedAt": text("RFC 3339"),
        "conditions": {
            "type": "array",
            "description": "Accepted: this generation is what is run. Complete: all has run that is to run. Failed: it ended before that",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
            "items": {
                "type": "object",
                "required": ["type", "status"],
                "properties": {
                    "type": text("Accepted, Complete or Failed"),
                    "status": text("True or False"),
                    "reason": text("One word"),
                    "message": text("For people"),
                    "observedGeneration": count("The generation that it was said of"),
                    "lastTransitionTime": text("Since when it is True, or False"),
                },
            },
        },
    },
}

crd = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "studies.studyctl.io"},
    "spec": {
        "group": "studyctl.io",
        "scope": "Namespaced",
        "names": {"kind": "Study", "listKind": "StudyList", "plural": "studies", "singular": "study"},
        "versions": [{
            "name": "v1alpha1",
            "served": True,
            "storage": True,
            "subresources": {"status": {}},
            "additionalPrinterColumns": [
                column("State", "string", ".status.state", "Where the run stands"),
                column("Done", "string", ".status.done", "Repetitions that have ended, of all"),
                column("Failed", "integer", ".status.failed", "Repetitions that failed for good"),
                column("ETA", "string", ".status.eta", "About how long it will take yet"),
                column("Age", "date", ".metadata.creationTimestamp", "Since it was created"),
                column("Message", "string", ".status.message", "Why it is in this state", priority=1),
            ],
            "schema": {"openAPIV3Schema": {
                "type": "object",
                "description": schema["description"],
                "required": ["spec"],
                "properties": {
                    "metadata": {"type": "object", "properties": {"name": {
                        "type": "string", "maxLength": 40, "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"}}},
                    "spec": structural({"$ref": "#/$defs/spec"}),
                    "status": STATUS,
                },
            }},
        }],
    },
}

written = ("# Studies as objects of a cluster, which `studyctl serve --operator` runs: kubectl apply -f crd.yaml\n"
           "# Made from study.schema.json by tests/manifests/crd_test.py.\n" + yaml.safe_dump(crd, sort_keys=False, width=120, allow_unicode=True))
kept = source / "manifests/crd.yaml"
if os.environ.get("UPDATE_GOLDEN"):
    kept.write_text(written)
if not kept.exists() or kept.read_text() != written:
    sys.exit("manifests/crd.yaml is not what manifests/study.schema.json comes to: UPDATE_GOLDEN=1 writes it anew")
