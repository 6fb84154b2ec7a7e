"""README.md and the pages of data/doc: what they name is there, and examples are files that are tried.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_documents.py
"""

import functools
import re
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

from test_manuals import PROGRAMS, ROOT, Page, help_of

WITH_COMMANDS = {"inforeply-cache", "inforeply-convert"}
PAGES = [ROOT / "README.md", ROOT / "src" / "README.md", *sorted((ROOT / "data" / "doc").glob("*.md"))]


def anchors(page):
    """Of its headings, as a browser's page of the repository has them."""
    headings = re.findall(r"^#+ (.*)", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def example_lines(name):
    """Of a file in data/, without comments and indentation."""
    lines = (ROOT / "data" / name).read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


class Pages(unittest.TestCase):
    def test_links_lead_somewhere(self):
        for page in PAGES:
            for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text()):
                path, _, anchor = target.partition("#")
                with self.subTest(f"{page.name}: {target}"):
                    other = page.parent / path if path else page
                    self.assertTrue(other.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(other))

    def test_files_that_are_named_exist(self):
        for page in PAGES:
            for name in re.findall(r"(?<![\w/.-])((?:data|tests|tools|src)/[\w./@*-]*[\w*])",
                                   page.read_text()):
                with self.subTest(f"{page.name}: {name}"):
                    self.assertTrue(any(ROOT.glob(name)))

    def assert_shows(self, page, *names):
        """The page has all lines of these files, and no other line in the same paragraph."""
        shown = [[line.strip() for line in paragraph.splitlines()]
                 for block in re.findall(r"(?:^ {4}.*\n|^\n)+", (ROOT / page).read_text(), re.M)
                 for paragraph in re.split(r"\n{2,}", block.strip("\n")) if paragraph]
        for name in names:
            lines = example_lines(name)
            shares = [paragraph for paragraph in shown if set(paragraph) & set(lines)]
            with self.subTest(f"{page}: {name}"):
                self.assertLessEqual(set(lines), {line for paragraph in shares for line in paragraph})
        for paragraph in shown:
            with self.subTest(f"{page}: {paragraph[0]}"):
                if any(set(paragraph) & set(example_lines(name)) for name in names):
                    self.assertTrue(any(set(paragraph) <= set(example_lines(name)) for name in names),
                                    paragraph)

    def test_examples_are_the_files_that_are_tried(self):
        """tests/e2e runs these files with the real programs."""
        self.assert_shows("README.md", *(f"postfix/{name}" for name in
                                         ("main.cf", "master.cf", "transport", "virtual_alias")))
        self.assert_shows("data/doc/mailing-list.md", *(f"postfix/list/{name}" for name in
                                                        ("aliases", "main.cf", "virtual_alias")))
        self.assert_shows("data/doc/deliverability.md", *(
            f"postfix/dkim/{name}" for name in ("main.cf", "opendkim.conf", "dkim_signing.conf")))
        self.assert_shows("data/doc/local-aliases.md", *(
            f"postfix/forward/{name}" for name in ("forward", "forward-alone", "inforeply.conf", "away.conf")))
        self.assert_shows("data/doc/mail-servers.md", *(
            f"postfix/hosting/{name}" for name in ("main.cf", "transport", "virtual_alias", "inforeply.conf")),
            "exim/router", "exim/transport", *(
            f"opensmtpd/{name}" for name in ("smtpd.conf", "mailboxes", "responders", "inforeply.conf")))


@functools.cache
def options_of(program):
    """All that the program knows, those of its commands, too."""
    texts = [help_of(program), *(help_of(program, command) for command in commands_of(program))]
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", "\n".join(texts)))


@functools.cache
def commands_of(program):
    return set(re.findall(r"^(?:  |.*\] )([a-z][a-z-]*)\b",
                          help_of(program) if program in WITH_COMMANDS else "", re.M))


def shown_commands(page):
    """Program and words of each command in the code of a page, up to a sign of the shell."""
    text = page.read_text()
    if page.suffix == ".md":
        code = re.findall(r"(?:^ {4}.*\n)+", text, re.M) + re.findall(r"`([^`\n]+)`", text)
    else:
        code = [*Page(page.name).literals(),
                *(line.replace("\\-", "-") for line in re.findall(r"^\.Dl (.*)", text, re.M))]
    for piece in code:
        for line in piece.replace("\\\n", " ").splitlines():
            for program, words in re.findall(
                    r"(?<![\w./=-])(inforeply(?:-[a-z]+)?) ([^|;&<>#]*)", line):
                if program in PROGRAMS:
                    yield line, program, words.split()


class Commands(unittest.TestCase):
    def test_that_are_shown_have_options_and_commands_of_the_programs(self):
        count = 0
        for page in [*PAGES, *sorted((ROOT / "data" / "man").iterdir())]:
            for line, program, words in shown_commands(page):
                with self.subTest(f"{page.name}: {line}"):
                    count += 1
                    options = {word.partition("=")[0] for word in words if word.startswith("--")}
                    self.assertLessEqual(options - {"--"}, options_of(program))
                    if program in WITH_COMMANDS and words and words[0][0].isalpha():
                        self.assertIn(words[0], commands_of(program))
        self.assertGreater(count, 80)


if __name__ == "__main__":
    unittest.main()
