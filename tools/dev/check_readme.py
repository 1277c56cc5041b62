"""check_readme.py: the code in README.md is the examples' code, and its links lead somewhere

SPDX-License-Identifier: Apache-2.0
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUFFIX = {"c": "*/*.c", "cmake": "*/CMakeLists.txt"}


def strange_code(text):
    for language, block in re.findall(r"^```(c|cmake)\n(.*?)^```$", text, re.M | re.S):
        examples = (path.read_text() for path in (ROOT / "examples").glob(SUFFIX[language]))
        if not any(block in example for example in examples):
            yield f"README.md: no example holds: {block.splitlines()[0]} ..."


def dead_links(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        if not (page.parent / target).exists():
            yield f"{page.relative_to(ROOT)}: '{target}' does not exist"


def main():
    readme = ROOT / "README.md"
    pages = [readme, ROOT / "models" / "README.md", *(ROOT / "docs").rglob("*.md")]
    faults = [*strange_code(readme.read_text()), *(f for page in pages for f in dead_links(page))]
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
