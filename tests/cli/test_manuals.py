"""The manual pages of data/man: that they name what the programs know, all of it and nothing else.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_manuals.py
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

from programs import BIN, TestCase, mail

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "data" / "man"

# Of sysexits.h, as include/inforeply/exit_status.hpp has them.
STATUS_OF_FAULT = {"kUsage": 64, "kInput": 66, "kCache": 69, "kInternal": 70, "kOutput": 73,
                   "kConfiguration": 78}
ANY_TOOLS_FAULTS = ("kUsage", "kInternal", "kConfiguration")


def source(name):
    return (ROOT / name).read_text()


# All that are installed.
PROGRAMS = re.search(r"install\(TARGETS (.*?)\s+RUNTIME", source("CMakeLists.txt"), re.S)[1].split()


def table(name, begin, end="};"):
    """The piece of a source that is a table."""
    text = source(name)
    start = text.index(begin)
    return text[start:text.index(end, start)]


def camel_to_code(name):
    """`kNotAddressed` is the reason `not-addressed`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name.removeprefix("k")).lower()


def without_escapes(text):
    return text.replace(r"\&", "").replace(r"\-", "-").replace(r"\(dq", '"').replace(r"\e", "\\")


class Item:
    """An item of a list: the words behind .It, and the lines up to the next one."""

    def __init__(self, head):
        self.words = re.findall(r'"[^"]*"|\S+', head)
        self.body = []

    def named(self, macro):
        """The words behind a macro such as Cm or Fl, up to the next macro."""
        return [without_escapes(word).strip('"')
                for word, before in zip(self.words[1:], self.words) if before == macro]

    @property
    def text(self):
        """Of consecutive items without text, the last has it."""
        return without_escapes(" ".join(self.body))


class Page:
    """A manual page's sections, their subsections and the items in them."""

    def __init__(self, name):
        self.lines = (PAGES / name).read_text().splitlines()
        self.items = {}  # by (section, subsection)
        place = ("", "")
        open_items = []
        for line in self.lines:
            macro, _, rest = line.partition(" ")
            if macro == ".Sh":
                place = (rest, "")
            elif macro == ".Ss":
                place = (place[0], rest)
            elif macro == ".Bl":
                open_items.append(None)
            elif macro == ".El":
                open_items.pop()
            elif macro == ".It":
                item = Item(rest)
                open_items[-1] = item
                self.items.setdefault(place, []).append(item)
            if macro != ".It":
                for item in filter(None, open_items):
                    item.body.append(line)

    def of(self, section, subsection=None):
        """The items of a section, with or without those of its other subsections."""
        return [item for (its_section, its_subsection), items in self.items.items()
                if its_section == section and subsection in (None, its_subsection)
                for item in items]

    def subsections(self, section):
        """Their names in their order, also of those without items."""
        text = re.search(rf"^\.Sh {section}\n(.*?)(?=^\.Sh |\Z)", "\n".join(self.lines),
                         re.M | re.S)
        return re.findall(r"^\.Ss (.*)", text[1], re.M) if text else []

    def settings(self, section):
        """The items by the names of settings, `name = value`; of several in a row, the last has the
        text of all."""
        found = {}
        waiting = []
        for item in self.of(section):
            if "=" not in item.words:
                continue
            name = without_escapes("".join(item.words[1:item.words.index("=")])
                                   .replace("NsArlang", "LANG").removesuffix("No"))
            waiting.append(name)
            if item.body:
                found |= dict.fromkeys(waiting, item)
                waiting = []
        return found

    def literals(self):
        """The texts of .Bd -literal."""
        return ["\n".join(map(without_escapes, block.splitlines())) + "\n" for block in re.findall(
            r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed", "\n".join(self.lines), re.M)]


def options_of(items):
    """Of each the letter, the name, and the argument."""
    found = set()
    for item in items:
        if item.words[0] == "Fl":
            *letters, name = item.named("Fl")
            found.add(("".join(letters), name.removeprefix("-"), "".join(item.named("Ar")).lower()))
    return found


def help_of(program, *command):
    return subprocess.run([BIN / program, *command, "--help"], capture_output=True, text=True,
                          check=True).stdout


def options_of_help(text):
    """The same of `  -f [ --sender ] ADDR  envelope sender`"""
    return {(letter or "", name, (argument or "").lower()) for letter, name, argument in re.findall(
        r"^  (?:-(\w) \[ )?--([a-z-]+)(?: \])?(?: ([A-Z]+))?(?:\s|$)", text, re.M)}


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="inforeply-")))
        subprocess.run(["cmake", "--install", BIN], check=True, capture_output=True,
                       env=os.environ | {"DESTDIR": str(folder)})
        cls.manuals = next(folder.rglob("man/man8")).parent

    def test_all_pages_are_where_man_looks(self):
        self.assertEqual({str(page.relative_to(self.manuals)) for page in self.manuals.glob("*/*")},
                         {f"man{page.suffix[1:]}/{page.name}" for page in PAGES.iterdir()})

    def test_mandoc_has_nothing_to_say(self):
        """Nor on pages that one names: it looks for them among those that are installed."""
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", *self.manuals.glob("*/*")],
                              capture_output=True, text=True,
                              env=os.environ | {"MANPATH": str(self.manuals)})
        said = [line for line in done.stderr.splitlines() if "outdated mandoc.db" not in line]
        self.assertEqual((done.stdout, said), ("", []))


class Sources(unittest.TestCase):
    def test_every_section_that_is_named_is_there(self):
        for page in sorted(PAGES.iterdir()):
            text = page.read_text()
            for name in re.findall(r"^\.Sx (.*?)(?: [.,:;)]+)?$", text, re.M):
                with self.subTest(page.name, named=name):
                    self.assertRegex(text, rf"(?m)^\.S[hs] {re.escape(name)}$")

    def test_every_program_has_a_page_and_every_page_its_name(self):
        for program in PROGRAMS:
            self.assertTrue((PAGES / f"{program}.8").exists(), program)
        for page in PAGES.iterdir():
            self.assertIn(f".Dt {page.stem.upper()} {page.suffix[1:]}\n", page.read_text())


class Options(unittest.TestCase):
    def common(self, page):
        return options_of(page.of("DESCRIPTION") + page.of("OPTIONS"))

    def test_of_programs(self):
        for program in PROGRAMS:
            with self.subTest(program):
                self.assertEqual(self.common(Page(f"{program}.8")),
                                 options_of_help(help_of(program)))

    def test_of_commands(self):
        number = 0
        for program in PROGRAMS:
            page = Page(f"{program}.8")
            listed = re.search(r"Commands:\n(.*?)\n\n", help_of(program), re.S)
            commands = [line.split()[0] for line in listed[1].splitlines()] if listed else []
            with self.subTest(program):
                self.assertEqual(page.subsections("COMMANDS"), commands)
            for command in commands:
                number += 1
                with self.subTest(program, command=command):
                    own = options_of(page.of("COMMANDS", command))
                    self.assertEqual(own & self.common(page), set())
                    self.assertEqual(own | self.common(page),
                                     options_of_help(help_of(program, command)))
        self.assertGreater(number, 9)

    def test_the_options_that_are_mentioned_exist(self):
        for program in PROGRAMS:
            page = Page(f"{program}.8")
            known = {name for item in page.of("DESCRIPTION") + page.of("OPTIONS") +
                     page.of("COMMANDS") for name in item.named("Fl")}
            for line in page.lines:
                if line.startswith((".Fl ", ".Op Fl ")):
                    for name in Item(line).named("Fl"):
                        self.assertIn(name, known | {"-"}, program)


class Statuses(unittest.TestCase):
    def described(self, program):
        return {int(item.words[0]) for item in Page(f"{program}.8").of("EXIT STATUS")}

    def test_of_the_responder(self):
        told = re.search(r"^Exit status: (.*)", help_of("inforeply"), re.M)[1]
        self.assertEqual(self.described("inforeply"), set(map(int, re.findall(r"\d+", told))))

    def test_of_tools(self):
        for program in PROGRAMS[1:]:
            files = re.search(rf"add_executable\({program} (.*?)\)", source("CMakeLists.txt"),
                              re.S)[1]
            text = "".join(map(source, files.split()))
            faults = {*re.findall(r"Fault::(k\w+)", text), *ANY_TOOLS_FAULTS,
                      "kOutput" if "responder_writer.hpp" in text else "kCache"}
            expected = {0} | {STATUS_OF_FAULT[fault] for fault in faults}
            if "ExitStatus::kBadData" in text:
                expected.add(65)
            with self.subTest(program):
                self.assertEqual(self.described(program), expected)

    def test_have_the_values_of_sysexits(self):
        values = set(map(int, re.findall(r" = (\d+),", source("include/inforeply/exit_status.hpp"))))
        for program in PROGRAMS:
            self.assertLessEqual(self.described(program), values)


class Configuration(TestCase):
    """inforeply.conf(5)"""

    def setUp(self):
        super().setUp()
        text = help_of("inforeply")
        both = re.search(r"^Also in the configuration file.*?\n(.*?)\n\n", text, re.S | re.M)[1]
        alone = re.search(r"^Only in the configuration file:\n(.*?)\n\n", text, re.S | re.M)[1]
        self.known = {}
        for begin, entries in ((r"  --([a-z-]+) ", both), (r"  ([a-z-]+) = ", alone)):
            for name, entry in re.findall(rf"^{begin}(.*(?:\n    .*)*)", entries, re.M):
                default = re.search(r"by default (\S+)$", " ".join(entry.split()))
                self.known[name] = default[1] if default else None
        self.page = Page("inforeply.conf.5").settings("SETTINGS")

    def test_names(self):
        self.assertEqual(sorted(self.page), sorted(self.known))

    def test_defaults(self):
        for name, default in self.known.items():
            with self.subTest(name):
                if default and default != "any":
                    self.assertRegex(self.page[name].text,
                                     rf"Default: (?:\.\w\w )?{re.escape(default)}(?:[ .,]|$)")
                else:
                    self.assertNotIn("Default: .", self.page[name].text)

    def test_what_may_be_repeated(self):
        for name, item in self.page.items():
            with self.subTest(name):
                value = {"fcc-folder": "/x", "autoreply-domain": "x.example"}.get(name, "x@x.example")
                self.place.configure(f"{name} = {value}", f"{name} = {value}")
                outcome = self.place.run(b"", "--check-config", recipients=[])
                is_refused = f"'{name}' is set already" in outcome.stdout.decode()
                self.assertEqual("Repeatable" in item.text, not is_refused)


class Responder(TestCase):
    """inforeply-responder(5)"""

    PLACES = {"kOfResponder": "SETTINGS OF THE RESPONDER", "kOfBoth": "SETTINGS OF A REPLY",
              "kOfSection": "SECTIONS"}
    FILE = "src/responder/responder_file.cpp"

    def setUp(self):
        super().setUp()
        self.page = Page("inforeply-responder.5")

    def test_settings(self):
        rows = re.findall(r'\{"([a-z-]+)", \{(true|false), (k\w+),', source(self.FILE))
        languages = re.findall(r'"(\w+)"', table(self.FILE, "kLanguageSettings = "))
        self.assertGreater(len(rows), 30)
        for place, section in self.PLACES.items():
            settings = self.page.settings(section)
            expected = [name for name, _, its_place in rows if its_place == place]
            if place == "kOfBoth":
                expected += [f"{name}.LANG" for name in languages]
            with self.subTest(section):
                self.assertEqual(sorted(settings), sorted(expected))
                self.assertEqual(
                    [name for name, item in settings.items() if "Repeatable" in item.text],
                    [name for name in settings if (name, "true", place) in rows])

    def test_values_that_are_listed_are_taken(self):
        """`kind = personal | group | service`: the words, not what stands for others."""
        for section in ("SETTINGS OF THE RESPONDER", "SETTINGS OF A REPLY"):
            for name, item in self.page.settings(section).items():
                values = [word for word, before in zip(item.words[item.words.index("=") + 1:],
                                                       item.words[item.words.index("="):])
                          if before in ("Cm", "|") and word not in ("Ar", "|", "Cm")]
                for value in values:
                    if name in ("fcc", "languages"):
                        continue  # need others beside them
                    with self.subTest(name, value=value):
                        self.place.set_responder(f"{name} = {without_escapes(value)}")
                        is_off = (name, value) == ("enabled", "no")
                        self.assertEqual(self.place.preview(mail()).verdict,
                                         "verdict: suppress: inactive" if is_off else "verdict: reply")

    def test_placeholders(self):
        names = re.findall(r'"(\w+)"', table("src/responder/placeholder.cpp", "kNames = {"))
        described = [name for item in self.page.of("PLACEHOLDERS") for name in item.named("Cm")]
        self.assertEqual(described, [f"${{{name}}}" for name in names])
        mentioned = re.findall(r"\$\{(\w+)", "\n".join(self.page.lines))
        self.assertLessEqual(set(mentioned), set(names))

    def test_examples_are_taken(self):
        """Every example that is a responder file, or a part of one."""
        number = 0
        for text in self.page.literals():
            lines = [line for line in text.splitlines() if line and not line.startswith("#")]
            if not all(re.match(r"\[when \w+\]$|[a-z.-]+ += \S", line) for line in lines):
                continue
            number += 1
            has_body = re.match(r"(?s)[^\[]*^(text|html|template) ", text, re.M)
            files = set(re.findall(r"= ([\w.-]+\.(?:txt|html|pdf))$", text, re.M))
            for name in files:
                self.place.write(f"responders/our.example/{name}", "a@partner.example\n")
            with self.subTest(text):
                self.place.write("responders/our.example/holidays.ics",
                                 "BEGIN:VCALENDAR\nEND:VCALENDAR\n")
                self.place.write(self.place.responder,
                                 ("" if has_body else "text = info.txt\n") + text)
                self.assert_no_fault()
        self.assertGreater(number, 5)

    def assert_no_fault(self):
        outcome = self.place.run(b"", "--check-config", recipients=[])
        faults = [line for line in outcome.stdout.decode().splitlines()
                  if ": note: " not in line and not line.startswith("no fault found")]
        self.assertEqual(faults, [])

    def test_weekly_times_are_taken(self):
        times = next(text for text in self.page.literals() if text.startswith("mon-fri"))
        for line in times.splitlines():
            with self.subTest(line):
                self.place.set_responder(f"active-on = {line}")
                self.assert_no_fault()


class Reasons(TestCase):
    """inforeply-reasons(7)"""

    def setUp(self):
        super().setUp()
        self.page = Page("inforeply-reasons.7")

    def names(self, section):
        return [name for item in self.page.of(section) for name in item.named("Cm")]

    def test_rules_in_their_order(self):
        table_of_rules = self.place.preview(mail(), "--explain").table
        rules = re.findall(r"^([a-z-]+) +(hard|soft) ", table_of_rules, re.M)
        self.assertGreater(len(rules), 15)
        described = [(item.named("Cm")[0], item.named("Pq")[0]) for item in self.page.of("RULES")]
        self.assertEqual(described, rules)

    def test_what_is_logged_beside_rules(self):
        text = source("src/delivery/delivery.cpp")
        expected = {*re.findall(r'set\("suppressed", "([a-z-]+)"', text),
                    *re.findall(r'kUnknownOutcome = "([a-z-]+)"', text)}
        self.assertEqual(set(self.names("AFTER THE RULES")), expected)

    def test_deferrals(self):
        names = set(re.findall(r'return "(\w+)"', table("src/base/error.cpp", "name_of", "\n}")))
        names.remove("output")  # of tools alone
        self.assertEqual(set(self.names("DEFERRALS")), names)

    def test_marks_of_header_fields(self):
        marks = {}
        for reason, field, matcher, values, scope in re.findall(
                r'HeaderMark\{Reason::(k\w+), "([^"]+)", (k\w+),\s*((?:"[^"]*"\s*|k\w+)+),\s*'
                r'"[^"]*"(?:,\s*(k\w+))?\}', table("src/decision/marks.cpp", "kHeaderMarks")):
            found = marks.setdefault((camel_to_code(reason), field), set())
            if matcher == "kPresent" or (values == "kDenials" and not scope):
                continue  # in a list of names
            text = {"kDenials": "no|false", "kMessageIdMark": "<inforeply."}.get(values)
            text = text or "".join(re.findall(r'"([^"]*)"', values))
            if matcher == "kParameterIs":
                kind, name, value = text.split("|")
                text = f"{kind}; {name}={value}"
            found |= set(text.split("|"))
        self.assertGreater(len(marks), 100)
        self.assertEqual(self.described_marks(), marks)

    def described_marks(self):
        described = {}
        section = reason = field = None
        for line in self.page.lines:
            macro, _, rest = line.partition(" ")
            words = [without_escapes(word).strip('"') for word in re.findall(r'"[^"]*"|\S+', rest)]
            if macro == ".Sh":
                section = rest
            elif macro in (".Ss", ".El"):
                reason, field = (rest or reason), None
            elif section != "MARKS" or reason == "system-sender":
                continue
            elif macro == ".It":
                field = words[1]
                described.setdefault((reason, field), set())
            elif macro == ".Li":
                for word in words:
                    if word in (",", "."):
                        continue
                    if field is None:
                        described.setdefault((reason, word), set())
                    else:
                        described[reason, field].add(word)
        return described

    def test_marks_of_senders(self):
        rows = re.findall(r'SenderMark\{k\w+, "([^"]+)"', source("src/decision/marks.cpp"))
        names = re.findall(r'"([^"]+)"', table("src/decision/marks.cpp", "kSystemDisplayNames = {"))
        text = "\n".join(self.page.lines)
        piece = text[text.index(".Ss system-sender"):text.index(".Ss list")]
        lines = re.findall(r"^\.Li (.*)", piece, re.M)
        described = [without_escapes(word).strip('"') for line in lines
                     for word in re.findall(r'"[^"]*"|\S+', line) if word not in (",", ".")]
        self.assertEqual(sorted(described), sorted(rows + names))


class Environment(unittest.TestCase):
    def test_variables_are_those_that_the_sources_read(self):
        described = {name for page in PAGES.iterdir() for item in Page(page.name).of("ENVIRONMENT")
                     for name in item.named("Ev")}
        sources = "".join(path.read_text() for folder in ("src", "tools")
                          for path in (ROOT / folder).rglob("*.[ch]pp"))
        read = set(re.findall(r'(?:getenv|environment_variable|variable)\("([A-Z_]+)"\)', sources))
        locale = re.search(r'for \(const char\* name : \{(.*)\}\)', source("tools/terminal.cpp"))[1]
        self.assertEqual(described, read | set(re.findall(r'"([A-Z_]+)"', locale)))


if __name__ == "__main__":
    unittest.main()
