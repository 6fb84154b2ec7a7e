"""What the tests of --check-config share."""

import subprocess

from programs import BIN, NOW, PATIENCE, TestCase, environment


class CheckTestCase(TestCase):
    def check(self, *options, configuration=None, **streams):
        """Runs it without sender, recipient or message."""
        if configuration is not None:
            self.place.configure(configuration)
        words = [str(option) for option in options]
        if not {"--responder", "--responders"} & set(words):
            words = ["--responders", str(self.place.folder / "responders"), *words]
        if not {"-c", "--config"} & set(words):
            words = ["-c", str(self.place.configuration), *words]
        for name, value in [("cache", self.place.cache), ("mailer", self.place.mailer),
                            ("now", NOW)]:
            if f"--{name}" not in words and f"\n{name} = " not in f"\n{configuration}":
                words = [f"--{name}", str(value), *words]
        command = [BIN / "inforeply", "--check-config", *words]
        if "account" in streams:
            command = self.place.open_to_all(command)
        return subprocess.run(command,
                              stdin=streams.get("stdin", subprocess.DEVNULL), capture_output=True,
                              text=True, errors="surrogateescape", cwd=self.place.folder,
                              env=environment(), timeout=2 * PATIENCE, **streams.get("account", {}))

    def faults(self, *options, **arguments):
        """The lines that it prints, each of which must be `FILE:LINE: text` or `FILE: text`."""
        done = self.check(*options, **arguments)
        self.assertEqual((done.returncode, done.stderr), (75, ""), done.stdout)
        lines = done.stdout.splitlines()
        for line in lines:
            self.assertTrue(line.startswith(f"{self.place.folder}/"), line)
        return lines

    def places(self, *options, **arguments):
        """What stands before the text of each fault: the file below the workplace, and the line."""
        found = []
        for fault in self.faults(*options, **arguments):
            file, _, rest = fault.removeprefix(f"{self.place.folder}/").partition(":")
            number = rest.partition(":")[0]
            found.append((file, int(number) if number.isdigit() else 0))
        return found

    def assert_faults(self, expected, *options, **arguments):
        """Exactly these, in this order; each begins with a place below the workplace, and has all
        the words behind it."""
        faults = self.faults(*options, **arguments)
        self.assertEqual(len(faults), len(expected), faults)
        for fault, (place, *words) in zip(faults, expected):
            self.assertTrue(fault.startswith(f"{self.place.folder}/{place}: "), fault)
            for word in words:
                self.assertIn(word, fault)

    def assert_notes(self, expected, *options, responders=1, **arguments):
        """The same of notes, where nothing is at fault."""
        done = self.check(*options, **arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        *notes, last = done.stdout.splitlines()
        self.assertEqual(last, f"no fault found, responders: {responders}")
        self.assertEqual(len(notes), len(expected), notes)
        for note, (place, *words) in zip(notes, expected):
            self.assertTrue(note.startswith(f"{self.place.folder}/{place}: note: "), note)
            for word in words:
                self.assertIn(word, note)

    def assert_well(self, responders, *options, **arguments):
        done = self.check(*options, **arguments)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, f"no fault found, responders: {responders}\n", ""))
