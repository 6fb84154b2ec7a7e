"""Replies read back by two parsers that know nothing of each other or of us: Python's `email` and
GMime. What both of them say is what is there.
"""

import base64
import email
import email.errors
import email.header
import email.policy
import email.utils
import quopri
import re
from dataclasses import dataclass

import gi

gi.require_version("GMime", "3.0")

from gi.repository import GMime

from programs import TestCase

MAX_LINE = 998  # RFC 5322, 2.1.1
MAX_ENCODED_WORD = 75  # RFC 2047, 2
MAX_ENCODED_LINE = 76  # RFC 2047, 2, and RFC 2045, 6.7 and 6.8
ENCODED_WORD = re.compile(rb"=\?([^?\s]+)\?([BbQq])\?([^?\s]*)\?=")
# RFC 5322, 3.6, RFC 2045 and RFC 3834.
AT_MOST_ONCE = {"from", "to", "reply-to", "subject", "date", "message-id", "in-reply-to", "references",
                "auto-submitted", "mime-version", "content-type", "content-transfer-encoding",
                "content-disposition", "content-id", "content-language"}

GMime.init()


@dataclass(frozen=True)
class Part:
    """An entity of a message, decoded."""
    type: str
    charset: str
    disposition: str
    name: str  # of the file
    content_id: str
    language: str
    octets: bytes  # of a leaf
    parts: tuple  # of a multipart

    @property
    def tree(self):
        """Such as `multipart/mixed(text/plain, image/png)`."""
        inner = ", ".join(part.tree for part in self.parts)
        return f"{self.type}({inner})" if self.parts else self.type

    @property
    def leaves(self):
        return [leaf for part in self.parts for leaf in part.leaves] if self.parts else [self]

    @property
    def text(self):
        """With line ends as LF, whatever the transfer encoding has made of them."""
        return self.octets.decode(self.charset or "ascii").replace("\r\n", "\n")


@dataclass(frozen=True)
class Mail:
    """A message as a parser understands it. Domains are in A-labels: GMime shows the others."""
    subject: str
    sender: list  # From: pairs of name and address
    to: list
    reply_to: list
    body: Part


def with_a_labels(address):
    local_part, _, domain = address.rpartition("@")
    return f"{local_part}@{domain.encode('idna').decode()}"


def read_by_email(raw):
    # Text, where header fields hold UTF-8 (RFC 6532): of octets this parser takes only ASCII.
    message = email.message_from_string(raw.decode(), policy=email.policy.strict.clone(utf8=True))

    def mailboxes(name):
        # Not by Message's own: in Python 3.11 that keeps the blanks between encoded-words in a name.
        written = [value for field, value in message.raw_items() if field == name]
        return [(str(email.header.make_header(email.header.decode_header(phrase))),
                 with_a_labels(address)) for phrase, address in email.utils.getaddresses(written)]

    def entity(part):
        for field in part.values():
            # For Python, an address of RFC 6532 has a defect even where it may stand.
            defects = [defect for defect in getattr(field, "defects", ())
                       if not isinstance(defect, email.errors.NonASCIILocalPartDefect)]
            if defects:
                raise AssertionError(f"{field!r}: {defects}")
        if part.defects:
            raise AssertionError(f"defects: {part.defects}")
        disposition = part["Content-Disposition"]
        return Part(
            type=part.get_content_type(),
            charset=part.get_param("charset") or "",
            disposition=disposition.content_disposition if disposition else "",
            name=part.get_filename() or "",
            content_id=(part["Content-ID"] or "").strip("<>"),
            language=part["Content-Language"] or "",
            octets=b"" if part.is_multipart() else part.get_payload(decode=True),
            parts=tuple(map(entity, part.iter_parts())) if part.is_multipart() else ())

    return Mail(str(message["Subject"]), mailboxes("From"), mailboxes("To"), mailboxes("Reply-To"),
                entity(message))


def read_by_gmime(raw):
    message = GMime.Parser.new_with_stream(
        GMime.StreamMem.new_with_buffer(raw)).construct_message(None)

    def mailboxes(addresses):
        # GMime leaves the line ends of a folded name in it.
        return [((mailbox.get_name() or "").replace("\n", ""), with_a_labels(mailbox.get_addr()))
                for mailbox in map(addresses.get_address, range(addresses.length()))]

    def octets(part):
        stream = GMime.StreamMem.new()
        part.get_content().write_to_stream(stream)
        return bytes(stream.get_byte_array() or b"")

    def entity(part):
        kind = part.get_content_type()
        disposition = part.get_content_disposition()
        is_multipart = isinstance(part, GMime.Multipart)
        return Part(
            type=kind.get_mime_type(),
            charset=kind.get_parameter("charset") or "",
            disposition=disposition.get_disposition() if disposition else "",
            name=(not is_multipart and part.get_filename()) or "",
            content_id=part.get_content_id() or "",
            language=part.get_header("Content-Language") or "",
            octets=b"" if is_multipart else octets(part),
            parts=tuple(entity(part.get_part(i)) for i in range(part.get_count()))
            if is_multipart else ())

    return Mail(message.get_subject(), mailboxes(message.get_from()), mailboxes(message.get_to()),
                mailboxes(message.get_reply_to()), entity(message.get_mime_part()))


def encoded_words(header):
    """The texts of all encoded-words, each decoded by itself: none may hold half a character."""
    for charset, encoding, text in ENCODED_WORD.findall(header):
        octets = (base64.b64decode(text, validate=True) if encoding in b"Bb"
                  else quopri.decodestring(text, header=True))
        yield octets.decode(charset.decode())


def split_entity(raw):
    """The lines of its header, and its body."""
    header, _, body = raw.partition(b"\n\n")
    return header.split(b"\n"), body


class ReplyTestCase(TestCase):
    """A test of what replies are like on the wire, and of what is read there."""

    def reply(self, message=None, *options, international=False, **arguments):
        """The reply to a message as both parsers understand it; `international`: an address asks
        for header fields in UTF-8 (RFC 6532)."""
        preview = self.place.preview(message, *options, **arguments)
        self.assertEqual(preview.verdict, "verdict: reply")
        return self.read(preview.raw, international)

    def read(self, raw, international=False):
        """What both parsers say alike of a reply that is good in general."""
        by_email = read_by_email(raw)
        by_gmime = read_by_gmime(raw)
        self.maxDiff = None
        self.assertEqual(by_email, by_gmime)
        self.assert_good_octets(raw, by_email.body, international)
        return by_email

    def assert_good_octets(self, raw, body, international):
        """What holds of every reply."""
        self.assertNotIn(b"\r", raw)
        self.assertNotIn(b"\0", raw)
        self.assertTrue(raw.endswith(b"\n"))
        self.assertLessEqual(max(map(len, raw.split(b"\n"))), MAX_LINE)
        header, _, content = raw.partition(b"\n\n")
        self.assertTrue(content.isascii())
        self.assertEqual(header.isascii(), not international)
        self.assertNotRegex(raw, rb"(?m)^From ")  # which mailboxes change
        self.assert_good_entity(raw, body)

    def assert_good_entity(self, raw, part):
        header, body = split_entity(raw)
        self.assert_good_header(header)
        if part.parts:
            self.assert_good_multipart(raw, body, part)
        elif re.search(rb"(?mi)^content-transfer-encoding: (base64|quoted-printable)$",
                       b"\n".join(header)):
            self.assertLessEqual(max(map(len, body.split(b"\n"))), MAX_ENCODED_LINE)

    def assert_good_header(self, lines):
        names = []
        for line in lines:
            self.assertRegex(line, rb"\A([!-9;-~]+: |[ \t]+)\S")
            if not line.startswith((b" ", b"\t")):
                names.append(line.partition(b":")[0].decode().lower())
            words = [word.group() for word in ENCODED_WORD.finditer(line)]
            if words:
                self.assertLessEqual(len(line), MAX_ENCODED_LINE)
                self.assertLessEqual(max(map(len, words)), MAX_ENCODED_WORD)
        for text in encoded_words(b"\n".join(lines)):
            self.assertTrue(text)
        repeated = {name for name in names if names.count(name) > 1}
        self.assertFalse(repeated & AT_MOST_ONCE, repeated)

    def assert_good_multipart(self, raw, body, part):
        """Its boundary is in the field, and elsewhere only in the delimiters of its own parts."""
        boundary = re.search(rb'(?mi)^content-type: multipart/[^\n]*(?:\n[ \t][^\n]*)*?'
                             rb'boundary="([^"\n]{1,70})"', raw).group(1)
        self.assertEqual(raw.count(boundary), len(part.parts) + 2)
        preamble, *pieces = re.split(rb"(?:\A|\n)--" + re.escape(boundary) + rb"(?=--\n|\n)", body)
        self.assertEqual((preamble, pieces[-1]), (b"", b"--\n"))
        self.assertEqual(len(pieces), len(part.parts) + 1)
        for piece, inner in zip(pieces, part.parts):
            self.assert_good_entity(piece.removeprefix(b"\n"), inner)
