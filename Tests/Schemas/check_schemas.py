#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a public validator of JSON Schema (PyPI: jsonschema) about the schemas of the payload kinds.

Usage: check_schemas.py [VARIATIONS]

- each schema is a valid schema of draft 2020-12;
- each valid example is accepted, each invalid one refused;
- for each variation in VARIATIONS/*.jsonl (written by the tests when STATIONMASTER_VARIATIONS_DIR names that folder) the
  verdict is that of the Swift validator.

Prints "N passed, N failed"; ends with 1 if anything failed or if a folder that was named holds no variations.
"""
import json
import pathlib
import sys

from jsonschema import Draft202012Validator

PAYLOADS = pathlib.Path(__file__).resolve().parents[2] / "Schemas" / "payloads"


def main() -> int:
    passed = failed = 0

    def check(holds: bool, what: str) -> None:
        nonlocal passed, failed
        if holds:
            passed += 1
        else:
            failed += 1
            print("FAILED:", what)

    validators = {}
    for path in sorted(PAYLOADS.glob("*.json")):
        schema = json.loads(path.read_text("utf-8"))
        try:
            Draft202012Validator.check_schema(schema)
            check(True, path.name)
        except Exception as error:  # the library's error types differ between versions
            check(False, f"{path.name} is no schema: {error}")
            continue
        validators[path.stem] = Draft202012Validator(schema)
    check(len(validators) > 0, "there are schemas")

    for path in sorted(PAYLOADS.glob("examples/*/*.json")):
        kind = path.parent.name
        check(kind in validators, f"a schema for {kind}")
        if kind in validators:
            accepted = validators[kind].is_valid(json.loads(path.read_text("utf-8")))
            check(accepted == path.name.startswith("valid-"), f"{kind}/{path.name}: accepted is {accepted}")

    if len(sys.argv) > 1:
        files = sorted(pathlib.Path(sys.argv[1]).glob("*.jsonl"))
        check({file.stem for file in files} == set(validators), "variations of each kind")
        for file in files:
            for line in file.read_text("utf-8").split("\n"):
                if not line:
                    continue
                one = json.loads(line)
                accepted = validators[one["kind"]].is_valid(json.loads(one["text"]))
                check(accepted == one["accepted"], f"{one['kind']}: Swift {one['accepted']}, schema {accepted}: {one['text'][:300]}")

    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
