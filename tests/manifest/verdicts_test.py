#!/usr/bin/env python3
"""The schema that editors use and studyctl's own reader give the same verdict on good and bad manifests.

usage: verdicts_test.py STUDYCTL SCHEMA       (python3-jsonschema is the independent validator)
"""
import copy
import json
import os
import subprocess
import sys
import tempfile

import jsonschema

BASE = {
    "apiVersion": "studyctl.io/v1alpha1",
    "kind": "Study",
    "metadata": {"name": "verdicts"},
    "spec": {
        "sweep": {"model": ["a", "b"], "n": [1, 2]},
        "template": {"spec": {"containers": [{"name": "main", "image": "bench:1"}]}},
    },
}
CONTAINER = "spec.template.spec.containers.0."
EXECUTION = "spec.execution."

# What is put where into the manifest above. None takes it away.
GOOD = [
    ("spec.template.spec.nodeSelector", {"gpu": "a100"}),
    ("spec.template.spec.tolerations", [{"key": "gpu", "operator": "Exists", "tolerationSeconds": 60}]),
    ("spec.template.spec.containers.1", {"name": "side", "image": "s:1", "ports": [{"containerPort": 80}],
                                         "livenessProbe": {"exec": {"command": ["true"]}}, "tty": True}),
    ("spec.template.spec.initContainers", [{"name": "early", "image": "e:1", "restartPolicy": "Always", "startupProbe": {}}]),
    (CONTAINER + "resources", {"claims": [{"name": "gpu"}]}),
    ("spec.template.spec.resourceClaims", [{"name": "gpu", "resourceClaimTemplateName": "half"}]),
    ("spec.template.metadata", {"annotations": {"example.com/a": "false"}}),
    (EXECUTION + "pilot", {"first": 1, "of": "model"}),
    ("spec.retention", {"runs": 10, "age": "90d", "size": "500Gi"}),
    ("spec.retention", {"size": 1000000}),
    ("spec.notifications", [{"on": ["Completed"], "webhook": {"url": "https://a.org:8443/x?y=z"}}]),
    ("spec.notifications", [{"name": "a-1", "on": ["Paused", "ThresholdExceeded"], "minDuration": "10m",
                             "webhook": {"urlRef": {"name": "a", "key": "b"}, "template": "slack"},
                             "retry": {"limit": 0, "backoff": {"initial": "1s", "factor": 1.5, "max": "1m"}}}]),
    ("spec.notifications", [{"on": ["Failed"], "email": {"to": ["a@b.org"], "from": "c@d.org", "server": "smtp://e:25",
                                                         "tls": "None"}}]),
    (EXECUTION + "pilot", {"of": "model in (a, c),n>0"}),
    ("spec.sweep", {"x": {"from": "0.5", "to": "0.9", "step": "0.1"}}),
    ("spec.sweep", {"a, b": [[1, 2], [3, 4]]}),
    ("spec.sweep", {"backend": ["x", "w"], "x.size": [1, 2]}),
    ("spec.sweep", None),
    ("spec.exclude", [{"model": "a", "n": [1, 2]}]),
    ("spec.exclude", [{"n": {"gt": 1, "le": "2"}}, {"model": {"matches": "*b*"}}, {"n": {"notIn": [1]}}]),
    ("spec.experiments", [{"model": "c", "n": 3}]),
    ("spec.parameters", {"n": {"type": "integer", "minimum": 1, "maximum": "8"}, "model": {"enum": ["a", "b"]}}),
    ("spec.parameters", {"model": {"type": "string", "pattern": "[a-z]+"}}),
    ("spec.overrides", [{"match": {"model": "b"}, "timeouts": {"run": "2h", "stalled": {"after": "10m"}}}]),
    ("spec.overrides", [{"match": {"n": {"ge": 2}}, "container": {"image": "c", "command": ["x"], "args": []}}]),
    ("spec.overrides", [{"match": {"n": 2}, "container": {"resources": {"limits": {"memory": "1Gi"}}}}]),
    ("spec.overrides", [{"match": {"n": 2}, "retry": {"limit": 3}}]),
    ("spec.experimentsFrom", {"csv": {"path": "rows.csv"}}),
    ("spec.experimentsFrom", {"csv": {"path": "rows.csv", "columns": {"name": "molecule", "uhf": "uhf"},
                                      "types": {"uhf": "integer"}, "derive": {"mult": "uhf + 1"}}}),
    ("spec.files", {"input.txt": "n ${params.n}"}),
    (CONTAINER + "resources", {"limits": {"cpu": "2", "memory": "1Gi", "nvidia.com/gpu": 1}}),
    (CONTAINER + "env", [{"name": "A", "value": "${run.seed}"}]),
    (CONTAINER + "command", ["bench", "${params.model}"]),
    (EXECUTION + "order", "ABBA"),
    (EXECUTION + "engine", "slurm"),
    (EXECUTION + "slurm", {"partition": "gpu", "account": "a", "qos": "q", "constraint": "c", "extraArgs": ["--x"]}),
    (EXECUTION + "slurm", {"mode": "jobs", "setup": "x", "inheritEnv": ["X"], "wrapper": ["apptainer", "{image}"]}),
    (EXECUTION + "engine", "process"),
    (EXECUTION + "process", {"setup": "module load orca", "inheritEnv": ["LD_LIBRARY_PATH"], "namespaces": ["mount", "pid", "net"]}),
    (EXECUTION + "cycles", 5),
    (EXECUTION + "timeouts", {"run": "45m", "stalled": "10m", "grace": "30s"}),
    (EXECUTION + "cooldown", {"experiment": "1m30s", "cycle": "5m"}),
    (EXECUTION + "retry", {"limit": 2, "rules": [{"exitCodes": [78], "action": "Infeasible"}]}),
    (EXECUTION + "failureThreshold", {"maxFailed": "10%", "action": "Pause"}),
    ("spec.results", {"metrics": [{"name": "e", "from": {"stdout": True, "regex": "e=(.*)"}, "take": "last"}]}),
    ("metadata.labels", {"team": "perf"}),
]
BAD = [
    ("spec.template.spec.containers.1", {"image": "s:1", "name": "side", "restartPolicy": "Always"}),
    ("spec.template.spec.containers.1", {"image": "s:1", "name": "side", "terminationMessagePath": "/end"}),
    ("spec.template.spec.containers.1", {"image": "s:1", "name": "side", "ports": {"containerPort": 80}}),
    ("spec.template.spec.initContainers", [{"name": "early", "image": "e:1", "restartPolicy": "Never"}]),
    ("spec.template.spec.initContainers", [{"name": "early", "image": "e:1", "ports": []}]),
    (CONTAINER + "ports", [{"containerPort": 80}]),
    (CONTAINER + "resources", {"claims": {"name": "gpu"}}),
    ("spec.template.spec.nodeSelector", {"gpu": True}),
    ("spec.template.spec.tolerations", {"key": "gpu"}),
    ("spec.template.spec.serviceAccountName", 5),
    ("spec.template.spec.nodeName", "n"),
    ("spec.template.metadata", {"annotations": {"example.com/a": True}}),
    (EXECUTION + "process", {"namespaces": ["user"]}),
    (EXECUTION + "slurm", {"mode": "pilot"}),
    (EXECUTION + "slurm", {"particion": "gpu"}),
    (EXECUTION + "slurm", {"extraArgs": "--x"}),
    ("spec.retention", {"runs": 0}),
    ("spec.retention", {"age": "soon"}),
    ("spec.retention", {"count": 3}),
    ("spec.notifications", [{"webhook": {"url": "https://a.org"}}]),
    ("spec.notifications", [{"on": ["Interrupted"], "webhook": {"url": "https://a.org"}}]),
    ("spec.notifications", [{"on": ["Failed"]}]),
    ("spec.notifications", [{"on": ["Failed"], "webhook": {}}]),
    ("spec.notifications", [{"on": ["Failed"], "webhook": {"url": "https://u:p@a.org"}}]),
    ("spec.notifications", [{"on": ["Failed"], "webhook": {"url": "ftp://a.org"}}]),
    ("spec.notifications", [{"on": ["Failed"], "webhook": {"url": "https://a.org", "secretRef": {"name": "a"}}}]),
    ("spec.notifications", [{"on": ["Failed"], "email": {"to": [], "from": "c@d.org", "server": "smtps://e"}}]),
    ("spec.notifications", [{"on": ["Failed"], "email": {"to": ["a"], "from": "c@d.org", "server": "smtps://e"}}]),
    ("spec.notifications", [{"on": ["Failed"], "email": {"to": ["a@b"], "from": "c@d", "server": "https://e"}}]),
    (EXECUTION + "pilot", {"count": 1, "of": "model=a"}),
    (EXECUTION + "pilot", {"first": 1}),
    ("kind", "Job"),
    ("apiVersion", "v1"),
    ("metadata", {}),
    ("metadata.name", "Not_A_Label"),
    ("metadata.name", "a" * 41),
    ("surprise", 1),
    ("spec.swep", {"a": [1]}),
    ("spec.template", None),
    ("spec.sweep", ["a"]),
    ("spec.sweep", {"a": []}),
    ("spec.sweep", {"a": 1}),
    ("spec.sweep", {"a": {"from": 1, "to": 2}}),
    ("spec.sweep", {"a": {"from": 1, "to": 2, "step": 1, "by": 1}}),
    ("spec.exclude", [{}]),
    ("spec.exclude", [{"n": {"greater": 1}}]),
    ("spec.exclude", [{"n": {"gt": "many"}}]),
    ("spec.exclude", [{"n": {"gt": [1]}}]),
    ("spec.exclude", [{"n": {}}]),
    ("spec.exclude", [{"n": []}]),
    ("spec.exclude", {"n": 1}),
    ("spec.experiments", [{}]),
    ("spec.parameters", {"n": {"type": "float"}}),
    ("spec.parameters", {"n": {"min": 1}}),
    ("spec.parameters", {"n": {"minimum": "few"}}),
    ("spec.overrides", [{"timeouts": {"run": "1h"}}]),
    ("spec.overrides", [{"match": {"n": 1}, "timeouts": {"study": "1h"}}]),
    ("spec.overrides", [{"match": {"n": 1}, "timeouts": {"run": "1"}}]),
    ("spec.overrides", [{"match": {"n": 1}, "container": {"workingDir": "/x"}}]),
    ("spec.overrides", [{"match": {"n": 1}, "retry": {"limit": -1}}]),
    ("spec.overrides", {"match": {"n": 1}}),
    ("spec.experimentsFrom", {}),
    ("spec.experimentsFrom", {"csv": {}}),
    ("spec.experimentsFrom", {"csv": {"path": "rows.csv", "types": {"uhf": "int"}}}),
    ("spec.experimentsFrom", {"json": {"path": "rows.json"}}),
    (CONTAINER + "image", None),
    (CONTAINER + "imagePullPolicy", "Sometimes"),
    (CONTAINER + "surprise", 1),
    (CONTAINER + "command", "bench"),
    (CONTAINER + "resources", {"limit": {}}),
    ("spec.template.spec.containers", []),
    (EXECUTION + "order", "Random"),
    (EXECUTION + "cycles", 0),
    (EXECUTION + "cycles", "5"),
    (EXECUTION + "parallelism", 0),
    (EXECUTION + "timeouts", {"run": "45"}),
    (EXECUTION + "timeouts", {"walltime": "45m"}),
    (EXECUTION + "retry", {"rules": [{"reasons": ["Timeout"]}]}),
    (EXECUTION + "retry", {"rules": [{"reasons": ["Bored"], "action": "Retry"}]}),
    (EXECUTION + "failureThreshold", {"action": "Pause"}),
    (EXECUTION + "surprise", 1),
    ("spec.results", {"metrics": [{"name": "e"}]}),
    ("spec.results", {"metrics": [{"name": "e", "from": {"stdout": True, "regex": "e=(.*)"}, "take": "best"}]}),
]


def changed(path, value):
    document = copy.deepcopy(BASE)
    at = document
    *parents, last = path.split(".")
    for part in parents:
        at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
    if value is None:
        del at[last]
    else:
        if isinstance(at, list) and int(last) == len(at):
            at.append(value)
        else:
            at[int(last) if isinstance(at, list) else last] = value
    return document


def main():
    studyctl, schema_file = sys.argv[1:]
    with open(schema_file, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        with open(os.path.join(directory, "rows.csv"), "w", encoding="utf-8") as file:
            file.write("name,uhf\nwater,0\n")
        manifest = os.path.join(directory, "study.json")
        for wanted, cases in ((True, GOOD), (False, BAD)):
            for path, value in cases:
                document = changed(path, value)
                with open(manifest, "w", encoding="utf-8") as file:
                    json.dump(document, file)
                said = subprocess.run([studyctl, "validate", manifest], capture_output=True, text=True, check=False)
                verdicts = (validator.is_valid(document), said.returncode == 0)
                if verdicts == (wanted, wanted) and said.returncode in (0, 4):
                    continue
                wrong += 1
                print(f"{path}: {json.dumps(value)}: schema {verdicts[0]}, reader {verdicts[1]}, wanted {wanted}")
                print(said.stderr)
    print(f"{len(GOOD)} good and {len(BAD)} bad manifests, {wrong} verdicts wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
