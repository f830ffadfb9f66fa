#!/usr/bin/env python3
"""Checks reports by the schemas and parsers of those who read them.

    check.py FOLDER [--multitool PROGRAM]

*.junit.xml        against tests/data/schemas/junit-10.xsd, by xmllint or xmlschema
*.sarif.json       against tests/data/schemas/sarif-schema-2.1.0.json, and what GitHub asks for;
                   by Microsoft's sarif-multitool too, where PROGRAM is given
*.openmetrics.txt  by the parser of prometheus_client
*.csv              rows of one width, no cell that a spreadsheet takes for a formula
*.gitlab.json      the fields of a Code Quality report
*.github.txt       workflow commands, one a line
*.md               within what GitHub takes, tags balanced
*.json             evidence, of which only this is looked at: one document or a list of them

Any other file is a fault, and so is a kind of the others that is not there. One line a file; exit
code 1 at the first fault, 2 when there is nothing to check.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SCHEMAS = Path(__file__).resolve().parent.parent / "data" / "schemas"


class Fault(Exception):
    """What is wrong with a file, in a line."""


def junit(path):
    schema = SCHEMAS / "junit-10.xsd"
    if shutil.which("xmllint"):
        run = subprocess.run(
            ["xmllint", "--nonet", "--noout", "--schema", str(schema), str(path)],
            capture_output=True, text=True, check=False,
        )
        if run.returncode != 0:
            raise Fault(run.stderr.strip().splitlines()[0])
        by = "xmllint"
    else:
        import xmlschema

        for error in xmlschema.XMLSchema10(str(schema)).iter_errors(str(path)):
            raise Fault(f"{error.path}: {error.reason}")
        by = "xmlschema"
    import xml.etree.ElementTree as tree

    root = tree.parse(path).getroot()
    for suite in root.iter("testsuite"):
        cases = list(suite.iter("testcase"))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            there = sum(case.find(tag) is not None for case in cases)
            if int(suite.get(attribute)) != there:
                raise Fault(f"{attribute}={suite.get(attribute)}, but there are {there}")
        names = [(case.get("classname"), case.get("name")) for case in cases]
        if len(set(names)) != len(names):
            raise Fault("two cases of one name")
    return f"{len(list(root.iter('testcase')))} cases, by {by}"


def sarif(path, multitool=None):
    import jsonschema

    log = json.loads(path.read_text(encoding="utf-8"))
    schema = json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    kind = jsonschema.validators.validator_for(schema)
    checker = kind(schema, format_checker=kind.FORMAT_CHECKER)
    for error in checker.iter_errors(log):
        raise Fault(f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")
    seen = set()
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        for result in run["results"]:
            if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
                raise Fault("a result points at another rule")
            if result.get("kind", "fail") != "fail" and result.get("level", "none") != "none":
                raise Fault(f"kind {result['kind']} with level {result['level']}")
            place = result["locations"][0]["physicalLocation"]
            if place["region"]["startLine"] < 1 or place["artifactLocation"]["uri"].startswith("/"):
                raise Fault("a place that GitHub does not take")
            print_ = result["partialFingerprints"]["primaryLocationLineHash"]
            if print_ in seen:
                raise Fault("two results of one fingerprint")
            seen.add(print_)
    by = "jsonschema"
    if multitool:
        for fault in judged(multitool, log):
            raise Fault(fault)
        # It passes over what it cannot read in silence: a planted fault shows that it read this.
        planted = {"ruleId": "x", "ruleIndex": 99, "message": {"text": "x"}}
        log["runs"][0]["results"].append(planted)
        if not judged(multitool, log):
            raise Fault("sarif-multitool cannot read it")
        by += " and sarif-multitool"
    return f"{len(seen)} results, by {by}"


def judged(multitool, log):
    """The errors that sarif-multitool finds in a log."""
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "in.sarif", Path(folder) / "out.sarif"
        given.write_text(json.dumps(log), encoding="utf-8")
        subprocess.run(
            [multitool, "validate", str(given), "--output", str(out), "--rule-kind", "Sarif;Gh",
             "--level", "Error", "--log", "ForceOverwrite"],
            capture_output=True, check=True, env=environment,
        )
        found = json.loads(out.read_text(encoding="utf-8-sig"))
    results = [r for run in found["runs"] for r in run.get("results") or []]
    return [f"{r['ruleId']}: {r['message']}" for r in results if r.get("level") == "error"]


def openmetrics(path):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    try:
        families = list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise Fault(str(error)[:300]) from error
    seen = set()
    for sample in (s for f in families for s in f.samples):
        series = (sample.name, tuple(sorted(sample.labels.items())))
        if series in seen:
            raise Fault(f"two series alike: {sample.name}")
        seen.add(series)
    told = ("tailproof_passed", "tailproof_overall", "tailproof_verdict", "tailproof_basis")
    states = {}
    for family in (f for f in families if f.name in told):
        for sample in family.samples:
            if sample.value not in (0.0, 1.0):
                raise Fault(f"{family.name} is 0 or 1")
            rest = {k: v for k, v in sample.labels.items() if k != "verdict"}
            if "verdict" in sample.labels:
                key = (family.name, tuple(sorted(rest.items())))
                states[key] = states.get(key, 0.0) + sample.value
    if any(sum_ != 1.0 for sum_ in states.values()):
        raise Fault("a state set has one 1")
    return f"{len(seen)} series, by prometheus_client"


def table(path):
    csv.field_size_limit(1 << 30)
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file, strict=True)
    for row in rows:
        if len(row) != len(head):
            raise Fault(f"{len(row)} cells below {len(head)} headings")
        for cell in row:
            if re.match(r"""["' \t\r]*[=+\-@\t\r]""", cell) and not cell.startswith("'"):
                try:
                    float(cell)
                except ValueError:
                    raise Fault(f"a formula: {cell[:40]!r}") from None
    return f"{len(rows)} rows"


def gitlab(path):
    entries = json.loads(path.read_text(encoding="utf-8"))
    for entry in entries:
        texts = [entry[k] for k in ("description", "check_name", "fingerprint")]
        texts.append(entry["location"]["path"])
        if not all(isinstance(t, str) and t for t in texts):
            raise Fault("an empty field")
        if entry["severity"] not in ("info", "minor", "major", "critical", "blocker"):
            raise Fault(f"severity {entry['severity']}")
        if not isinstance(entry["location"]["lines"]["begin"], int):
            raise Fault("lines.begin is no number")
    if len({e["fingerprint"] for e in entries}) != len(entries):
        raise Fault("two entries of one fingerprint")
    return f"{len(entries)} entries"


def github(path):
    command = re.compile(r"::(error|warning|notice) ([a-z]+=[^:,]*)(,[a-z]+=[^:,]*)*::[^\r\n]*")
    lines = path.read_text(encoding="utf-8").split("\n")
    for line in lines[:-1]:
        if not command.fullmatch(line):
            raise Fault(f"no command: {line[:80]!r}")
    return f"{len(lines) - 1} commands"


def markdown(path):
    text = path.read_text(encoding="utf-8")
    if len(text) > 65_536:
        raise Fault(f"{len(text)} characters")
    for tag in ("details", "summary", "span"):
        if text.count(f"<{tag}>") != text.count(f"</{tag}>"):
            raise Fault(f"<{tag}> is not closed")
    left = re.sub(r"</?(details|summary|span)>", "", text)
    if "<" in left:
        raise Fault(f"a tag: {left[left.index('<'):][:40]!r}")
    outside = re.sub(r"`[^`\n]*`", "", text)
    called = re.search(r"@\w|(?<!&)#\d|://|www\.", outside)
    if called:
        raise Fault(f"a person, an issue or a link: {called.group()!r}")
    return f"{len(text)} characters"


def evidence(path):
    log = json.loads(path.read_text(encoding="utf-8"))
    parts = log if isinstance(log, list) else [log]
    if isinstance(log, dict) and log.get("schema") == "tailproof.report/1":
        parts = log["parts"]
    for part in parts:
        said = part.get("evidence", part).get("schema") if isinstance(part, dict) else None
        if not str(said).startswith("tailproof.evidence/"):
            raise Fault("no evidence, and no check knows it")
    return f"evidence, {len(parts)} documents"


CHECKS = {
    ".junit.xml": junit,
    ".sarif.json": sarif,
    ".openmetrics.txt": openmetrics,
    ".csv": table,
    ".gitlab.json": gitlab,
    ".github.txt": github,
    ".md": markdown,
}


def main(folder, multitool=None):
    unused = set(CHECKS)
    paths = sorted(Path(folder).iterdir())
    if not paths:
        print(f"{folder}: nothing to check")
        return 2
    for path in paths:
        end = next((end for end in CHECKS if path.name.endswith(end)), None)
        unused.discard(end)
        try:
            if end is None and not path.name.endswith(".json"):
                raise Fault("no check knows it")
            check = evidence if end is None else CHECKS[end]
            said = check(path, multitool) if check is sarif else check(path)
        except Exception as error:  # A file of any shape may be here.
            fault = str(error) if isinstance(error, Fault) else f"{type(error).__name__}: {error}"
            print(f"{path.name}: FAULT: {' '.join(fault.split())}")
            return 1
        print(f"{path.name}: ok, {said}")
    if unused:
        print(f"{folder}: FAULT: no file ends in {', '.join(sorted(unused))}")
        return 1
    return 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if len(arguments) == 3 and arguments[1] == "--multitool":
        sys.exit(main(arguments[0], arguments[2]))
    if len(arguments) != 1:
        print(__doc__.strip())
        sys.exit(2)
    sys.exit(main(arguments[0]))
