"""inforeply-cache report: a page that a browser shows without scripts and without asking anybody.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_cache_report.py
"""

import html.parser
import os
import re
import resource
import shutil
import struct
import subprocess
import sys
import time
import unittest
import xml.etree.ElementTree
import zlib

sys.dont_write_bytecode = True

from cache_file import tables
from programs import BIN, TestCase, environment

DAY = 24 * 3600
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "x</title><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
LONG = "very-long-label." * 15 + "example"

VOID = {"meta", "link", "br", "hr", "img", "input"}

# Shows the page in a frame of a phone's and of a desktop's width, and writes what it measures into
# its own title. Scripts are off in the frame.
MEASURE = """<!DOCTYPE html><title>-</title><body>
<iframe id="phone" sandbox="allow-same-origin" width="390" height="800" src="{page}"></iframe>
<iframe id="desktop" sandbox="allow-same-origin" width="1200" height="800" src="{page}"></iframe>
<script>
addEventListener("load", () => {{
  document.title = ["phone", "desktop"].map(id => {{
    const frame = document.getElementById(id).contentDocument;
    const root = frame.documentElement;
    for (const each of frame.querySelectorAll("details")) each.open = true;
    const beyond = [...frame.querySelectorAll("body *")].filter(
        each => !each.closest(".wide") && each.getBoundingClientRect().right > root.clientWidth + 1);
    const over = [...frame.querySelectorAll("svg g")].filter(group => {{
      const [name, value] = [...group.querySelectorAll("text")].map(
          text => text.getBoundingClientRect());
      return name.right > value.left;
    }});
    return [root.clientWidth, root.scrollWidth, beyond.length, over.length].join(" ");
  }}).join(";");
}});
</script>"""


class Page(html.parser.HTMLParser):
    """Takes a page apart; an end tag that fits no start, or a start without its end, fails."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.text = {}
        self._open = []
        self.feed(text)
        self.close()
        if self._open:
            raise AssertionError(f"never ended: {self._open}")

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            raise AssertionError(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        if self._open:
            self.text.setdefault(self._open[-1], []).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def colours_of(png):
    """How many there are in a picture with eight bits a channel (PNG, 9.2)."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert depth == 8 and kind in (2, 6), "not as Chromium writes them"
    data, position = b"", 8
    while position < len(png):
        length, name = struct.unpack(">I4s", png[position:position + 8])
        if name == b"IDAT":
            data += png[position + 8:position + 8 + length]
        position += length + 12
    raw, size = zlib.decompress(data), 3 if kind == 2 else 4
    stride, before, seen = width * size, bytearray(width * size), {}
    for row in range(height):
        start = row * (stride + 1)
        how, line = raw[start], bytearray(raw[start + 1:start + 1 + stride])
        for i in range(stride if how else 0):
            left = line[i - size] if i >= size else 0
            corner = before[i - size] if i >= size else 0
            line[i] = (line[i] + predict(how, left, before[i], corner)) & 255
        for i in range(0, stride, size):
            colour = bytes(line[i:i + 3])
            seen[colour] = seen.get(colour, 0) + 1
        before = line
    return seen


def predict(how, left, above, corner):
    if how < 3:
        return (0, left, above)[how]
    if how == 3:
        return (left + above) // 2
    distances = [(abs(left + above - corner - each), rank, each)
                 for rank, each in enumerate((left, above, corner))]
    return min(distances)[2]


class ReportTestCase(TestCase):
    def setUp(self):
        super().setUp()
        now = int(time.time())
        with tables(self.place.cache) as cache:
            for number in range(40):
                cache.add("info@our.example", f"x{number}@d{number % 7}.example",
                          now - number * DAY, now + DAY, count=number + 1)
            cache.add("info@our.example", "x@" + HOSTILE, now, count=900)
            cache.add("日本語" * 20 + "@our.example", "x@" + LONG, now, count=1200300)
        with tables(self.place.folder / "cache.mdb-shadow") as shadow:
            for number in range(9):
                shadow.add("desk@our.example", f"x{number}@a.example", now - number * DAY, now + DAY)
            shadow.add("日本語" * 20 + "@our.example", "x@a.example", now, count=1200300)
        self.page = self.place.folder / "pages" / "report.html"
        self.page.parent.mkdir()

    def report(self, *options):
        done = self.tool("cache", "report", "--html", self.page, *options)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        return self.page.read_text("utf-8")


class Content(ReportTestCase):
    def test_the_page_is_well_formed_and_says_its_language(self):
        page = Page(self.report())
        self.assertEqual(page.all("html")[0]["lang"], "en")
        self.assertEqual(len(page.all("h1")), 1)
        self.assertGreaterEqual(len(page.all("h2")), 7)
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        self.assertEqual(len(ids), len(set(ids)))

    def test_every_chart_has_a_title_a_description_and_a_table(self):
        text = self.report()
        page = Page(text)
        charts = re.findall(r"<svg role='img'.*?</svg>\n(?=</figure>)", text, re.S)
        self.assertEqual(len(charts), 8)
        ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
        for chart in charts:
            svg = xml.etree.ElementTree.fromstring(chart)
            for child in ("title", "desc"):
                self.assertTrue(svg.find(SVG + child).text)
                self.assertIn(svg.find(SVG + child).get("id"), ids)
            self.assertEqual(svg.get("aria-labelledby").split(),
                             [svg.find(SVG + child).get("id") for child in ("title", "desc")])
        self.assertEqual(len(page.all("table")), len(charts))

    def test_nothing_comes_from_elsewhere_and_nothing_runs(self):
        text = self.report()
        page = Page(text)
        tags = {tag for tag, _ in page.elements}
        self.assertFalse(tags & {"script", "link", "img", "iframe", "object", "embed", "image",
                                 "use", "foreignobject", "base", "form", "a"}, tags)
        for tag, attributes in page.elements:
            for name in attributes:
                self.assertNotRegex(name, r"^(on.*|src|href|xlink:href|srcset|style)$", tag)
        self.assertNotRegex("".join(page.text["style"]), r"url\(|@import|expression")
        policy, = [each["content"] for each in page.all("meta")
                   if each.get("http-equiv") == "Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)

    def test_what_strangers_have_written_stays_text(self):
        text = self.report()
        self.assertNotIn("<script", text)
        self.assertNotIn("<img", text)
        self.assertIn(HOSTILE, Page(text).text["bdi"])

    def test_the_figures_are_those_of_stats(self):
        page = Page(self.report())
        figures = dict(zip(page.text["dt"], page.text["dd"]))
        self.assertEqual(figures["Records"], "42")
        self.assertEqual(figures["Replies sent"], str(40 * 41 // 2 + 900 + 1200300))
        self.assertEqual(figures["Sender domains"], "9")
        self.assertEqual(figures["Responders"], "2")

    def test_the_growth_ends_at_all_that_were_answered(self):
        text = self.report()
        growth = text[text.index("<caption>Growth"):]
        last = re.findall(r"<td>(\d+)</td>", growth[:growth.index("</table>")])[-1]
        self.assertEqual(last, "42")

    def test_top_says_how_many_rows_there_are(self):
        text = self.report("--top", "3")
        domains = text[text.index("<caption>Top sender domains"):]
        self.assertEqual(domains[:domains.index("</table>")].count("<tr><th scope='row'>"), 3)

    def test_an_empty_cache_makes_a_page(self):
        self.tool_output("cache", "forget", "--responder", "info@our.example")
        with tables(self.place.cache) as cache:
            for key in cache.keys("records"):
                cache.delete("records", key)
        Page(self.report())

    def test_text_has_contrast_in_both_schemes(self):
        text = self.report()
        light, dark = (dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})\b", part))
                       for part in re.findall(r":root \{(.*?)\}", text, re.S)[:2])
        for scheme in (light, light | dark):
            for name, least in (("text", 7), ("soft", 4.5), ("bar", 3)):
                for ground in ("page", "card"):
                    self.assertGreaterEqual(contrast(scheme[name], scheme[ground]), least,
                                            (name, ground, scheme))


def contrast(colour, other):
    """WCAG 2.1's contrast ratio."""
    def luminance(colour):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
                            for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    low, high = sorted((luminance(colour), luminance(other)))
    return (high + 0.05) / (low + 0.05)


class File(ReportTestCase):
    def test_an_older_page_is_replaced(self):
        self.page.write_text("an older one")
        self.assertIn("</html>", self.report())
        self.assertEqual([path.name for path in self.page.parent.iterdir()], ["report.html"])

    def test_what_cannot_be_written_leaves_the_older_page_and_nothing_else(self):
        self.page.write_text("an older one")
        for memory in ([], ["--shadow"]):  # so that their lock files are there
            self.tool_output("cache", "list", *memory)
        done = subprocess.run(
            [BIN / "inforeply-cache", "-c", self.place.configuration, "--cache", self.place.cache,
             "report", "--html", self.page], capture_output=True, text=True, env=environment(),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
        self.assertEqual(done.returncode, 73, done.stderr)
        self.assertIn("File too large", done.stderr)
        self.assertEqual(self.page.read_text(), "an older one")
        self.assertEqual([path.name for path in self.page.parent.iterdir()], ["report.html"])

    def test_bad_usage_is_told(self):
        for arguments in ([], ["--html", ""], ["--html", self.page, "extra"]):
            done = self.tool("cache", "report", *arguments)
            self.assertEqual((done.returncode, done.stdout), (64, ""), done.stderr)
        self.assertFalse(self.page.exists())


class Browser(ReportTestCase):
    """The page in Chromium, which could resolve no name."""

    def browse(self, *options):
        profile = self.place.folder / "profile"
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-dev-shm-usage", "--enable-logging=stderr", "--allow-file-access-from-files",
             "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={profile}", *options],
            capture_output=True, timeout=300, cwd=self.place.folder,
            env=environment() | {"HOME": str(self.place.folder)})
        stderr = done.stderr.decode("utf-8", "replace")
        self.assertEqual(done.returncode, 0, stderr)
        return done.stdout.decode("utf-8"), stderr

    def test_nothing_is_complained_of_on_the_console(self):
        self.report()
        shown, log = self.browse("--dump-dom", f"file://{self.page}")
        self.assertIn("Top sender domains", shown)
        self.assertNotIn("CONSOLE", log)
        noisy = self.page.with_name("noisy.html")  # such a complaint would be seen
        noisy.write_text("<script>console.error('noise')</script>")
        self.assertIn("CONSOLE", self.browse("--dump-dom", f"file://{noisy}")[1])

    def test_it_fits_a_phone_and_a_desktop(self):
        self.report()
        measure = self.place.write("pages/measure.html", MEASURE.format(page=self.page.as_uri()))
        shown, _ = self.browse("--dump-dom", "--window-size=1300,900", f"file://{measure}")
        title = re.search(r"<title>(.*?)</title>", shown)[1]
        for frame, width in zip(title.split(";"), (390, 1200), strict=True):
            visible, scrolled, beyond, overlapping = map(int, frame.split())
            self.assertLessEqual(abs(visible - width), 20, title)
            self.assertEqual((scrolled, beyond, overlapping), (visible, 0, 0), title)

    def test_it_is_drawn_light_and_dark(self):
        self.report()
        grounds = {}
        for scheme, option in (("light", "1"), ("dark", "0")):
            picture = self.place.folder / f"{scheme}.png"
            self.browse(f"--screenshot={picture}", "--window-size=600,700",
                        f"--blink-settings=preferredColorScheme={option}", f"file://{self.page}")
            colours = colours_of(picture.read_bytes())
            self.assertGreater(len(colours), 20)
            grounds[scheme] = sum(max(colours, key=colours.get))
            bars = sum(number for (red, green, blue), number in
                       ((tuple(colour), number) for colour, number in colours.items())
                       if blue > red + 60)
            self.assertGreater(bars, 1000, scheme)
        self.assertGreater(grounds["light"], 600)
        self.assertLess(grounds["dark"], 150)


if __name__ == "__main__":
    if not shutil.which("chromium"):
        sys.exit("FAILED: no chromium: see tools/packages.sh")
    os.umask(0o022)
    unittest.main()
