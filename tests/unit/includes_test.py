"""Holds the rooms of the sources apart: reads every #include of src/, include/ and tools/.

    base <- {mail, cache, mailer} <- config <- responder <- {decision, reply} <- delivery <- main, tools

A room includes itself and rooms further left, never one of the same brace. Programs in tools/ see
include/inforeply/ alone, and a header there includes no other.
"""
import re
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
LEVELS = [{"base"}, {"mail", "cache", "mailer"}, {"config"}, {"responder"}, {"decision", "reply"},
          {"delivery"}, {"main", "tools"}]
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
# Public headers without a source of their name.
HEADERS_ALONE = {"exit_status": "base", "log_format": "base", "reply_mode": "base",
                 "batch_size": "cache", "cache_records": "cache", "cache_settings": "cache",
                 "cache_store": "cache", "mailer_settings": "mailer", "settings": "config"}


def rooms_of_public_headers():
    rooms = dict(HEADERS_ALONE)
    for source in (TOP / "src").rglob("*.cpp"):
        rooms.setdefault(source.stem, room_of(source))
    return {path.stem: rooms[path.stem] for path in (TOP / "include/inforeply").glob("*.hpp")}


def room_of(path):
    top, *below = path.relative_to(TOP).parts
    if top == "include":
        return PUBLIC[path.stem]
    return {"tools": "tools"}.get(top) or (below[0] if len(below) > 1 else "main")


def module_of(path):
    return room_of(path), path.stem


PUBLIC = rooms_of_public_headers()


def includes():
    """Every (including file, included file), but for those of the system."""
    for top in ("src", "include", "tools"):
        for path in sorted((TOP / top).rglob("*.[ch]pp")):
            for name in re.findall(r'^#include "(.+)"', path.read_text(), re.MULTILINE):
                folders = (TOP / "include", TOP / "src", path.parent)
                yield path, next(f / name for f in folders if (f / name).exists())


class Includes(unittest.TestCase):
    def test_run_one_way(self):
        count = 0
        for path, included in includes():
            count += 1
            here, there = room_of(path), room_of(included)
            with self.subTest(path=str(path.relative_to(TOP)), includes=str(included)):
                self.assertTrue(here == there or LEVEL[there] < LEVEL[here], f"{here} -> {there}")
        self.assertGreater(count, 300)

    def test_of_tools_and_public_headers_are_public(self):
        public = TOP / "include"
        for path, included in includes():
            if path.is_relative_to(public) or path.is_relative_to(TOP / "tools"):
                with self.subTest(path=str(path.relative_to(TOP)), includes=str(included)):
                    self.assertTrue(included.is_relative_to(public) or included.parent == path.parent)

    def test_make_no_circle(self):
        below = {}  # a header and its source are one
        for path, included in includes():
            below.setdefault(module_of(path), set()).add(module_of(included))
        sound = set()

        def walk(module, above):
            self.assertNotIn(module, above)
            for included in below.get(module, set()) - {module} - sound:
                walk(included, above + [module])
            sound.add(module)

        for module in below:
            walk(module, [])

    def test_public_headers_are_needed_by_tools(self):
        wanted = {included for path, included in includes() if path.is_relative_to(TOP / "tools")}
        while True:
            more = wanted | {included for path, included in includes()
                             if path in wanted and path.is_relative_to(TOP / "include")}
            if more == wanted:
                break
            wanted = more
        self.assertEqual(sorted(set((TOP / "include/inforeply").glob("*.hpp")) - wanted), [])


if __name__ == "__main__":
    unittest.main()
