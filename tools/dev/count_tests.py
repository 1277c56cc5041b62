#!/usr/bin/env python3
"""count_tests.py: adds up the cases in CTest's JUnit reports: "N passed, N failed, N skipped"

A cmocka program or a pytest file is one test for CTest and many for us. A report that is missing
(the build failed) counts as one failure.

SPDX-License-Identifier: Apache-2.0
"""
import re
import sys
import xml.etree.ElementTree as ET

CMOCKA = {
    "passed": re.compile(r"\[  PASSED  \] (\d+) test"),
    "failed": re.compile(r"\[  FAILED  \] (\d+) test"),
    "skipped": re.compile(r"\[  SKIPPED \] (\d+) test"),
}
PYTEST_LINE = re.compile(r"^=*\s*((?:\d+ \w+(?:, )?)+) in [\d.]+s", re.M)
PYTEST = {"passed": "passed", "xpassed": "passed", "failed": "failed", "error": "failed",
          "errors": "failed", "skipped": "skipped", "xfailed": "skipped"}


def cases_inside(output):
    counts = {key: sum(map(int, regex.findall(output))) for key, regex in CMOCKA.items()}
    for line in PYTEST_LINE.findall(output):
        for number, word in re.findall(r"(\d+) (\w+)", line):
            if word in PYTEST:
                counts[PYTEST[word]] += int(number)
    return counts


def count_test(case):
    counts = cases_inside(case.findtext("system-out") or "")
    outcome = {"run": "passed", "fail": "failed"}.get(case.get("status"), "skipped")
    # A test without cases of its own is one; a crash fails though no case says so.
    if sum(counts.values()) == 0 or (outcome == "failed" and counts["failed"] == 0):
        counts[outcome] += 1
    return counts


def main():
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for path in sys.argv[1:]:
        try:
            tests = [count_test(case) for case in ET.parse(path).iter("testcase")]
        except (OSError, ET.ParseError) as error:
            print(f"no report: {error}")
            tests = [{"failed": 1}]
        for counts in tests:
            for key, number in counts.items():
                total[key] += number
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**total))
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
