#!/usr/bin/env python3
"""Holds the licence of every dependency against the allow list of .deny.toml.

    cargo metadata --format-version 1 | tools/licences.py .deny.toml
"""
import json
import re
import sys


def allowed_names(path):
    """The strings of `allow = [...]`; any Python 3 must do, so no TOML library."""
    text = open(path, encoding="utf-8").read()
    return set(re.findall(r'"([^"]+)"', re.search(r"^allow = \[(.*?)^\]", text, re.M | re.S)[1]))


def satisfied(expression, allowed):
    """Whether an SPDX expression can be met with allowed licences. Old manifests write OR as a slash."""
    tokens = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))

    def either():
        met = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            met = both() or met
        return met

    def both():
        met = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            met = one() and met
        return met

    def one():
        name = tokens.pop(0)
        if name == "(":
            met = either()
            if tokens.pop(0) != ")":
                raise ValueError("unbalanced parenthesis")
            return met
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            name += " WITH " + tokens.pop(0)
        return name in allowed

    met = either()
    if tokens:
        raise ValueError("cannot be read from " + tokens[0])
    return met


def main():
    allowed = allowed_names(sys.argv[1])
    packages = json.load(sys.stdin)["packages"]
    wrong = []
    for package in packages:
        licence = package["license"]
        try:
            fine = bool(licence) and satisfied(licence, allowed)
        except (ValueError, IndexError) as error:
            fine, licence = False, f"{licence} ({error})"
        if not fine:
            wrong.append(f'{package["name"]} {package["version"]}: {licence or "no licence is named"}')
    for line in wrong:
        print(line)
    print(f"{len(packages)} packages, {len(wrong)} with a licence that is not on the list")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
