"""tests/rfc3834.md, the table of RFC 3834's requirements, against the tests that there are.

    /usr/bin/python3 tests/cli/test_rfc3834_table.py
"""

import ast
import re
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROWS = [f"R{number:02}" for number in range(1, 35)]


def table():
    """What stands in the last column, by the number in the first."""
    rows = [line.split("|") for line in (TESTS / "rfc3834.md").read_text("utf-8").splitlines()
            if line.startswith("| R")]
    return [(row[1].strip(), row[-2]) for row in rows]


def named(text):
    return re.findall(r"`(\w+(?:\.\w+)+)`", text)


def unit_tests():
    pattern = re.compile(r"^TEST(?:_F)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
    for file in (TESTS / "unit").rglob("*_test.cpp"):
        for suite, name in pattern.findall(file.read_text("utf-8")):
            yield f"{suite}.{name}"


def program_tests():
    for file in [*TESTS.glob("cli/test_*.py"), *TESTS.glob("e2e/test_*.py")]:
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                for function in node.body:
                    if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                        yield f"{file.stem}.{node.name}.{function.name}"


class Table(unittest.TestCase):
    def test_has_every_row_once_in_order(self):
        self.assertEqual([number for number, _ in table()], ROWS)

    def test_every_row_names_a_test_or_says_what_is_open(self):
        for number, shown_by in table():
            with self.subTest(number):
                self.assertNotEqual(bool(named(shown_by)), shown_by.strip().startswith("open: "))

    def test_every_row_names_a_unit_test_of_its_own(self):
        for number, shown_by in table():
            with self.subTest(number):
                own = [name for name in named(shown_by) if name.startswith(f"Rfc3834.{number}_")]
                self.assertTrue(own or shown_by.strip().startswith("open: "))

    def test_every_test_in_it_exists(self):
        existing = {*unit_tests(), *program_tests()}
        self.assertGreater(len(existing), 300)
        for number, shown_by in table():
            for name in named(shown_by):
                with self.subTest(number, test=name):
                    self.assertIn(name, existing)

    def test_every_test_named_after_a_row_stands_in_it(self):
        rows = dict(table())
        for name in unit_tests():
            if name.startswith("Rfc3834."):
                with self.subTest(name):
                    number = name.removeprefix("Rfc3834.").split("_")[0]
                    self.assertIn(name, named(rows.get(number, "")))


if __name__ == "__main__":
    unittest.main()
