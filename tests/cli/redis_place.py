"""What the tests of a cache on Redis share."""

import subprocess

from check_config import CheckTestCase
from programs import BIN, environment, mail

PASSWORD = "correct horse"

# The least that deliveries need, and the tools.
DELIVERIES = "+mget +get +set +del +exists +eval +evalsha +wait +select +asking"
TOOLS = "+scan +script|load +ping +info +config|get +cluster|slots"
LEAST = f'user mail on ">{PASSWORD}" resetchannels ~inforeply:1:* -@all {DELIVERIES} {TOOLS}'


class RedisTestCase(CheckTestCase):
    """A test in a workplace whose cache is where `use` says."""

    def use(self, url, *lines):
        """Has the workplace's cache there; `lines` of the main configuration from now on."""
        self.place.cache = url
        self.lines = lines
        self.configure()

    def configure(self, *lines):
        self.place.configure(*self.lines, *lines)

    def password_file(self, password=PASSWORD, mode=0o600):
        path = self.place.write("password", f"{password}\n")
        path.chmod(mode)
        return f"redis-password-file = {path}"

    def deliver(self, name="question", *options, sender="alice@sender.example", **arguments):
        """A delivery that is named by its message."""
        return self.place.run(mail(message_id=f"<{name}@x>"), "--queue-id", name, *options,
                              sender=sender, **arguments)

    def replied(self, name, **arguments):
        self.assert_replied(self.deliver(name, **arguments))

    def assert_limited(self, outcome, detail):
        self.assert_suppressed(outcome, "rate-limited")
        self.assertEqual(outcome.log[0]["detail"], detail)

    def assert_room_for(self, count, limit):
        """So many replies are left of the main limit."""
        outcomes = [self.deliver(f"of {number}", sender=f"{number}@{number}.example")
                    for number in range(count + 1)]
        for outcome in outcomes[:-1]:
            self.assert_replied(outcome)
        self.assert_limited(outcomes[-1], f"main limit {limit} reached")

    def assert_cache_fails(self, outcome, *words):
        """Deferred, and the reason is the cache, which is named."""
        self.assert_deferred(outcome, "reason=cache", self.place.cache, *words)

    def bring_in(self, text, *arguments, cache=None):
        """Imports from standard input."""
        done = subprocess.run([BIN / "inforeply-cache", "-c", self.place.configuration, "--cache",
                               cache or self.place.cache, "import", *arguments],
                              input=text, capture_output=True, text=True, env=environment())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def export(self, *arguments, cache=None):
        """Its lines, in an order of their own."""
        done = self.tool("cache", "export", *arguments, cache=cache)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return sorted(done.stdout.splitlines())

    def assert_tool_fails(self, status, arguments, *words, tool="cache"):
        done = self.tool(tool, *arguments)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(str(word), done.stderr)

