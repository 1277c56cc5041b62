"""gen_man.py OCTET [--check]: fill the options into docs/man/*.md from the program's help; make roff

SPDX-License-Identifier: Apache-2.0

The text is written by hand; what stands between <!-- options --> and <!-- /options --> (or commands) is
made from `OCTET COMMAND -h`. Each x.1.md also becomes x.1, which is what gets installed. With --check
nothing is written; the exit code is 1 when a file is not what would be written.
"""

import pathlib
import re
import subprocess
import sys

MAN = pathlib.Path(__file__).resolve().parents[2] / "docs" / "man"


def ask(octet, *words):
    return subprocess.run([octet, *words], check=True, capture_output=True, text=True).stdout


def rows(lines):
    """(left, help) of two-column lines, where the help may stand on the next line."""
    left = None
    for line in lines:
        if match := re.fullmatch(r"  (\S.*?)(?:  +(\S.*))?", line):
            left = match[1]
            if match[2]:
                yield left, match[2]
        elif left and line.strip():
            yield left, line.strip()


def options(octet, command):
    """The usage, which must be the page's synopsis, is checked apart."""
    return list(rows(ask(octet, command, "-h").splitlines()[3:]))


def commands(octet):
    lines = ask(octet, "help").split("commands:\n")[1].split("\n\n")[0].splitlines()
    return list(rows(lines))


def as_list(pairs):
    return "".join(f"- `{left}`: {text}\n" for left, text in pairs)


def fill(text, mark, content):
    pattern = rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)"
    return re.sub(pattern, lambda m: m[1] + content + m[2], text, flags=re.S)


# ---- roff


def inline(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", text)
    text = re.sub(r"\*([^*]+)\*", r"\\fI\1\\fR", text)
    return f"\\&{text}" if text[:1] in ".'" else text


def roff_block(block):
    if block.startswith("    "):
        lines = [line[4:].replace("\\", "\\e").replace("-", "\\-") for line in block.splitlines()]
        return ".PP\n.RS 4\n.nf\n" + "\n".join(lines) + "\n.fi\n.RE\n"
    if block.startswith("## "):
        return f".SH {block[3:].upper()}\n"
    if block.startswith("- "):
        items = (line[2:].split(": ", 1) for line in block.splitlines())
        return "".join(f".TP\n{inline(left)}\n{inline(text)}\n" for left, text in items)
    return f".PP\n{inline(' '.join(block.splitlines()))}\n"


def roff(text):
    head, body = text.split("\n", 1)
    name, section, summary = re.fullmatch(r"# (\S+)\((\d)\): (.*)", head).groups()
    out = f".\\\" Made by tools/dev/gen_man.py; do not edit.\n.TH {name.upper()} {section} \"\" octet\n"
    out += f".SH NAME\n{inline(name)} \\- {inline(summary)}\n"
    body = re.sub(r"<!-- .*? -->\n", "", body)
    return out + "".join(roff_block(block.strip("\n")) for block in re.split(r"\n\n+", body) if block.strip())


def pages(octet):
    """Path and wanted text of every file."""
    names = [command for command, _ in commands(octet) if command != "help"]
    for name in [None, *names]:
        path = MAN / ("octet.1.md" if name is None else f"octet-{name}.1.md")
        text = path.read_text()
        if name is None:
            text = fill(text, "commands", as_list(commands(octet)))
        else:
            text = fill(text, "options", as_list(options(octet, name)))
        yield path, text
        yield path.with_suffix(""), roff(text)


def main():
    stale = [path for path, text in pages(sys.argv[1]) if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path} is not up to date; run tools/dev/gen_man.py with the program's path")
        return 1 if stale else 0
    for path, text in pages(sys.argv[1]):
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
