"""Loops: our own replies that come back, in whatever wrapping, and messages that go in circles.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_own_replies.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, mail

KINDS = ("personal", "group", "service")


def received(count):
    return "".join(f"Received: from h{number}.example by h{number + 1}.example\n"
                   for number in range(count))


class OwnReplies(TestCase):
    def setUp(self):
        super().setUp()
        self.assert_replied(self.place.run())
        [sent] = self.place.submissions()
        self.reply = sent.raw.decode()
        self.mark = sent.message["Message-ID"]

    def set_kind(self, kind):
        self.place.set_responder(f"kind = {kind}")

    def assert_loop(self, message, **arguments):
        preview = self.place.preview(message, **arguments)
        self.assertEqual(preview.verdict, "verdict: suppress: loop")

    def assert_answered(self, message, **arguments):
        self.assertEqual(self.place.preview(message, **arguments).verdict, "verdict: reply")

    def test_come_back_as_they_are(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.set_kind(kind)
                self.assert_loop(self.reply.encode(), sender="alice@sender.example",
                                 recipients=["info@our.example"])

    def test_of_another_responder_are_known_too(self):
        self.place.set_responder("ignore = not-addressed", path="responders/our.example/b.conf")
        self.assert_loop(mail(message_id=self.mark), recipients=["b@our.example"])

    def test_are_known_without_any_other_mark(self):
        for kind in KINDS:
            self.set_kind(kind)
            for name in ["Message-Id", "X-Google-Original-Message-ID", "Original-Message-ID",
                         "X-Original-Message-ID", "Resent-Message-ID"]:
                for value in [self.mark, f"\n {self.mark} (comment)"]:
                    with self.subTest(kind=kind, name=name, value=value):
                        fields = {"Message-Id": "<gateway@x.example>", name: value}
                        self.assert_loop(mail(**fields))

    def test_are_known_in_any_case(self):
        self.assert_loop(mail(message_id=self.mark.upper()))

    def test_a_mark_that_only_looks_alike_is_none(self):
        for message_id in ["<x.inforeply.1@x.example>", "<inforeply@x.example>",
                           "<info.reply.1@x.example>", f"<x{self.mark[1:]}"]:
            with self.subTest(message_id):
                self.assert_answered(mail(message_id=message_id))

    def test_answers_to_them_are_answered_by_services_alone(self):
        for name in ["In-Reply-To", "References"]:
            for value in [self.mark, f"<other@x.example>\n {self.mark}", f"{self.mark} (x)",
                          f"<a@x> {self.mark} <b@x>", self.mark.upper()]:
                with self.subTest(name=name, value=value):
                    message = mail(**{name: value})
                    for kind in ("personal", "group"):
                        self.set_kind(kind)
                        self.assert_loop(message)
                    self.set_kind("service")
                    self.assert_answered(message)

    def test_those_of_other_sites_may_stand_in_a_thread(self):
        other = self.mark.replace("@our.example>", "@elsewhere.example>")
        self.assertNotEqual(other, self.mark)
        for kind in ("personal", "group"):
            self.set_kind(kind)
            self.assert_answered(mail(references=f"<a@x> {other} <b@x>", in_reply_to="<b@x>"))
            self.assert_loop(mail(references=f"<a@x> {other} {self.mark}"))
            self.assert_loop(mail(in_reply_to=other))
            bare = self.mark.strip("<>")
            for text in (f"{bare}.", f"Your message {bare}: x", f"<{bare}.>"):
                self.assert_loop(mail(references=text))

    def test_answers_to_a_thread_with_thousands_before_are_found(self):
        ids = "\n ".join(f"<{number}@x.example>" for number in range(5000))
        self.assert_loop(mail(references=f"{ids}\n {self.mark}"))

    def enclosed(self, kind, content, encoding=None):
        extra = f"Content-Transfer-Encoding: {encoding}\n" if encoding else ""
        return mail(f"--b\nContent-Type: text/plain\n\nNot delivered.\n\n--b\n"
                    f"Content-Type: {kind}\n{extra}\n{content}\n--b--\n",
                    content_type="multipart/mixed; boundary=b")

    def test_enclosed_are_answered_by_services_alone(self):
        header = self.reply.partition("\n\n")[0] + "\n"
        for kind, content in [("message/rfc822", self.reply), ("Message/RFC822; x=y", self.reply),
                              ("text/rfc822-headers", header), ("message/global", self.reply),
                              ("message/global-headers", header)]:
            with self.subTest(kind):
                message = self.enclosed(kind, content)
                self.set_kind("personal")
                self.assert_loop(message)
                self.assert_loop(message.replace(b"\n", b"\r\n"))
                self.set_kind("service")
                self.assert_answered(message)

    def test_as_all_of_a_message_they_are_found(self):
        self.assert_loop(mail(self.reply, content_type="message/rfc822"))

    def test_enclosed_deeper_are_found(self):
        inner = (f"--c\n\nText.\n--c\nContent-Type: message/rfc822\n\n{self.reply}\n--c--\n")
        message = self.enclosed("multipart/mixed; boundary=c", inner)
        self.assert_loop(message)

    def test_other_messages_enclosed_do_not_matter(self):
        other = mail(message_id="<other@x.example>", list_id="<x>").decode()
        self.assert_answered(self.enclosed("message/rfc822", other))

    def test_quoted_in_a_text_they_do_not_matter(self):
        quoted = "".join(f"> {line}\n" for line in self.reply.splitlines())
        self.assert_answered(mail(quoted))
        self.assert_answered(mail(self.reply))
        self.assert_answered(self.enclosed("text/plain", self.reply))

    def test_cannot_be_let_through(self):
        file = self.place.set_responder("ignore = loop")
        outcome = self.place.run()
        self.assertEqual(outcome.status, 75)
        self.assertIn(f"{file}:2: ", outcome.stderr)

    def test_the_log_gives_the_reason_and_explain_the_field(self):
        message = mail(in_reply_to=self.mark)
        self.assert_suppressed(self.place.run(message), "loop")
        self.assertIn(f"In-Reply-To: {self.mark}"[:90],
                      self.place.preview(message, "--explain").table)


class Circles(TestCase):
    def verdict(self, count, **fields):
        return self.place.preview(mail(top=received(count), **fields)).verdict

    def test_fifty_hops_are_fine_and_one_more_is_not(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.place.set_responder(f"kind = {kind}")
                self.assertEqual(self.verdict(50), "verdict: reply")
                self.assertEqual(self.verdict(51), "verdict: suppress: loop")
                self.assertEqual(self.verdict(2000), "verdict: suppress: loop")

    def test_hops_are_counted_wherever_they_stand(self):
        message = mail(received=["from x"] * 51)
        self.assertEqual(self.place.preview(message).verdict, "verdict: suppress: loop")
        self.assertEqual(self.verdict(50, x_received=["from x"] * 10), "verdict: reply")


if __name__ == "__main__":
    unittest.main()
