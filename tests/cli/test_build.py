"""How the programs are built.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_build.py
"""

import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from programs import BIN, SANITIZED, needed_libraries


class Programs(unittest.TestCase):
    """How they are built."""

    PROGRAMS = ("inforeply", "inforeply-cache", "inforeply-convert", "inforeply-purge",
                "inforeply-replay", "inforeply-set")

    @unittest.skipIf(SANITIZED, "sanitizers bring libraries of their own")
    def test_need_nothing_but_the_c_library(self):
        for name in self.PROGRAMS:
            for library in needed_libraries(BIN / name):
                self.assertRegex(library, r"\A(libc\.so|libm\.so|ld-linux)")

    def test_are_hardened(self):
        for name in self.PROGRAMS:
            with self.subTest(name):
                listing = subprocess.run(["readelf", "-hldW", "--dyn-syms", BIN / name],
                                         capture_output=True, text=True, check=True).stdout
                for mark in ("DYN (Position-Independent Executable", "GNU_RELRO", "BIND_NOW",
                             "__stack_chk_fail", "_chk@"):
                    self.assertIn(mark, listing)

    def test_refer_to_no_standard_stream_that_is_not_set_up(self):
        names = subprocess.run(["nm", BIN / "inforeply"], capture_output=True, text=True,
                               check=True).stdout
        self.assertIn("__wrap__ZNSt8ios_base4InitC1Ev", names)
        self.assertNotRegex(names, r"\b_ZSt\d(w?c(in|out|err|log))\b")


if __name__ == "__main__":
    unittest.main()
