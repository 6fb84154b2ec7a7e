#include "reply/reply_view.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inforeply {
namespace {

TEST(ReplyView, ShowsWhatMailProgramsShow) {
  EXPECT_EQ(view_reply("From: =?utf-8?Q?J=C3=BCrgen?= <info@example.org>\n"
                       "To: Alice <alice@example.net>\n"
                       "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n =?utf-8?Q?_aus_K=C3=B6ln?=\n"
                       "Date: Sun, 22 Nov 2026 23:24:06 +0000\n"
                       "Message-ID: <1@example.org>\nAuto-Submitted: auto-replied\n"
                       "Content-Type: text/plain; charset=utf-8; format=flowed\n"
                       "Content-Transfer-Encoding: quoted-printable\n\n"
                       "Gr=C3=BC=C3=9Fe,=20\nin one line.\n\n--=20\nus\n"),
            "From: J\u00FCrgen <info@example.org>\nTo: Alice <alice@example.net>\n"
            "Subject: Gr\u00FC\u00DFe aus K\u00F6ln\nDate: Sun, 22 Nov 2026 23:24:06 +0000\n\n"
            "Gr\u00FC\u00DFe, in one line.\n\n-- \nus\n\nParts:\n  text/plain, 31 octets\n");
}

TEST(ReplyView, LetsNoControlCharacterThrough) {
  const std::string view = view_reply(
      "From: \"\x1B]0;x\x07\" <info@example.org>\nSubject: =?utf-8?Q?=1B[2J=C2=9B=E2=80=AEx?=\n"
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n"
      "Content-Transfer-Encoding: quoted-printable\n\n=1B[31mred=C2=9B=08=07=E2=80=AE\ttab\n--b\n"
      "Content-Type: image/\x1B[31m; name*=utf-8''a%1B%0Ab\n\nx\n--b--\n");
  EXPECT_EQ(view.find_first_of("\x1B\x07\x08"), std::string::npos) << view;
  for (const char* turn : {"\u009B", "\u202E"})
    EXPECT_EQ(view.find(turn), std::string::npos);
  EXPECT_NE(view.find("[31mred\ttab\n"), std::string::npos) << view;
  EXPECT_NE(view.find(", a  b, 1 octets\n"), std::string::npos) << view;
}

/// A part of a multipart, with its delimiter.
std::string part(const std::string& type, const std::string& content) {
  return "--b\nContent-Type: " + type + "\n\n" + content + "\n";
}

/// The texts shown of a multipart/alternative of these parts.
std::string shown_of(const std::string& parts) {
  const std::string view = view_reply(
      "Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n" + parts + "--b--\n");
  const auto begin = view.find("\n\n") + 2;
  return view.substr(begin, view.find("\nParts:\n") - begin);
}

TEST(ReplyView, ShowsTheLastPlainTextOfAnAlternative) {
  const auto english = part("text/plain", "Closed.");
  const auto german = part("text/plain", "Geschlossen.");
  const auto html = part("text/html", "<p>Zu</p>");
  EXPECT_EQ(shown_of(english + german + html), "Geschlossen.\n");
  EXPECT_EQ(shown_of(html + english), "Closed.\n");
  EXPECT_EQ(shown_of(html), "Zu\n");
  EXPECT_EQ(shown_of(english + part("multipart/related; boundary=c",
                                    "--c\nContent-Type: text/html\n\n<p>Zu</p>\n--c--")),
            "Closed.\n");
  EXPECT_EQ(
      shown_of(english + part("multipart/alternative; boundary=c",
                              "--c\n\nGeschlossen.\n--c\nContent-Type: text/html\n\nx\n--c--")),
      "Geschlossen.\n");
}

TEST(ReplyView, NamesAttachmentsAndShowsNoTextOfThem) {
  const std::string long_text(200'000, 'x');
  EXPECT_EQ(view_reply("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
                       "--b\n\nOne.\n--b\n\nTwo.\n--b\nContent-Type: text/plain\n"
                       "Content-Disposition: attachment; filename*=utf-8''%C3%BC.txt\n"
                       "Content-Transfer-Encoding: base64\n\nYWJj\n--b\n"
                       "Content-Type: application/pdf; name=a.pdf\n\n" +
                       long_text + "\n--b--\n"),
            "Subject: x\n\nOne.\n\nTwo.\n\nParts:\n  text/plain, 4 octets\n"
            "  text/plain, 4 octets\n  text/plain, \u00FC.txt, 3 octets\n"
            "  application/pdf, a.pdf, 200000 octets\n");
}

TEST(ReplyView, ShowsALongTextToItsEnd) {
  const std::string line = std::string(70, 'x') + "\n";
  std::string text;
  for (int i = 0; i < 2000; ++i)
    text += line;
  EXPECT_EQ(view_reply("Subject: x\n\n" + text + "end\n"),
            "Subject: x\n\n" + text + "end\n\nParts:\n  text/plain, 142004 octets\n");
}

}  // namespace
}  // namespace inforeply
