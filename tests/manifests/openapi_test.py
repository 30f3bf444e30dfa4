#!/usr/bin/env python3
"""manifests/openapi.json is an OpenAPI document, and has the routes of executor/http/: all of them, and no others.

usage: openapi_test.py SOURCE_DIRECTORY DOCUMENT       DOCUMENT: as the build makes it, with the schema of a status
"""
import json
import os
import pathlib
import re
import subprocess
import sys

top = pathlib.Path(sys.argv[1])
document = json.load(open(sys.argv[2]))
sources = {path.name: path.read_text() for path in (top / "executor/http").glob("*.[ch]*")}

# The control socket's are between one studyctl and another of the same version; the last one only begins others.
NONE_OF_THEM = {"/v1/", "/v1/run/command", "/v1/run/apply", "/api/v1/"}
STUDIES, RUN = "/api/v1/studies", "/api/v1/studies/{study}/runs/{run}"
TEMPLATES = {"/web/": "/web/{name}", "/api/v1/inputs/": "/api/v1/inputs/{sha256}"}


def body_of(file, opening):
    text = sources[file]
    assert opening in text, f"{file} has no '{opening}': teach this test how routes are written now"
    return text.split(opening, 1)[1].split("\n}", 1)[0].split("};\n", 1)[0]


def names_in(file, opening):
    names = re.findall(r'\{\s*"(\w+)",', body_of(file, opening))
    assert names, f"{file}: nothing was found behind '{opening}'"
    return names


routes = {STUDIES, f"{STUDIES}/{{study}}", f"{STUDIES}/{{study}}/runs", RUN}
routes |= {f"{RUN}/{name}" for name in names_in("api.cpp", "kLists[] = ")}
routes |= {f"{RUN}/{name}" for name in names_in("api.cpp", "RunViews run_views(")}
routes |= {f"{RUN}:{name}" for name in names_in("routes.cpp", "kCommands[] = ") + names_in("verb_api.cpp", "kVerbs[] = ")}
for text in sources.values():
    for literal in re.findall(r'(?:==|!=|starts_with\(|string_view \w+ =) "(/[\w./]*)"', text):
        routes.add(TEMPLATES.get(literal, literal))
routes -= NONE_OF_THEM

described = set(document["paths"])
assert routes == described, f"not described: {sorted(routes - described)}; not there: {sorted(described - routes)}"

ids = [operation["operationId"] for item in document["paths"].values() for key, operation in item.items() if key != "parameters"]
assert len(ids) == len(set(ids)), "two operations have the same id"
for path, item in document["paths"].items():
    given = {one["$ref"].rsplit("/", 1)[1].lower() if "$ref" in one else one["name"] for one in item.get("parameters", [])}
    assert set(re.findall(r"\{(\w+)\}", path)) == given, f"{path}: its parameters are {given}"

# Whoever must say who he is may be told that he is not known, or not allowed to.
for path, item in document["paths"].items():
    for method in item.keys() - {"parameters"}:
        wanted = set() if item[method].get("security") == [] else {"401", "429"} | ({"403"} if method != "get" else set())
        told = {"401", "403", "429"} & item[method]["responses"].keys()
        assert told == wanted, f"{method} {path}: describes {sorted(told)}, not {sorted(wanted)}"

referenced = set(re.findall(r'"#/components/(\w+/\w+)', json.dumps(document)))
there = {f"{kind}/{name}" for kind, all in document["components"].items() if kind != "securitySchemes" for name in all}
assert referenced == there, f"differs: {referenced ^ there}"

cache = pathlib.Path(os.environ.get("STUDYCTL_CACHE", pathlib.Path.home() / ".cache/studyctl"))
said = subprocess.run([cache / "npm-openapi/node_modules/.bin/validate-api", sys.argv[2]], capture_output=True, text=True)
assert said.returncode == 0 and json.loads(said.stdout)["valid"] is True, said.stdout + said.stderr
