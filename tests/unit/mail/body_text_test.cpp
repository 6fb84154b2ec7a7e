#include "mail/body_text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

#include "fixtures.hpp"
#include "inforeply/text.hpp"
#include "mail/transfer_encoding.hpp"

namespace inforeply {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using test::repeated;

std::string text_of(std::string_view message) {
  return body_text(parse_message(message));
}

/// Of a message, or a part, with these fields.
std::string entity(std::string_view fields, std::string_view body) {
  return std::string(fields) + "\n\n" + std::string(body);
}

std::string text_of(std::string_view fields, std::string_view body) {
  return text_of(entity(fields, body));
}

/// A multipart of that type, without the fields of a message.
std::string multipart(std::string_view type, std::initializer_list<std::string_view> parts) {
  static int number = 0;
  const std::string boundary = "b" + std::to_string(++number);
  std::string result =
      "Content-Type: multipart/" + std::string(type) + "; boundary=" + boundary + "\n\n";
  for (const auto part : parts)
    result += "--" + boundary + "\n" + std::string(part) + "\n";
  return result + "--" + boundary + "--\n";
}

constexpr auto kPlain = "Content-Type: text/plain\n\nplain\n"sv;
constexpr auto kBlank = "Content-Type: text/plain; charset=utf-8\n\n \n\u00A0\u200B\n"sv;
constexpr auto kHtml = "Content-Type: text/html\n\n<p>rich</p>\n"sv;
constexpr auto kImage = "Content-Type: image/png\n\nimage\n"sv;
constexpr auto kAttachment =
    "Content-Type: text/plain\nContent-Disposition: attachment\n\nattached\n"sv;
constexpr auto kFooter = "Content-Type: text/plain\n\nfooter\n"sv;

/// In one line: how HTML is laid out is not of interest here.
std::string line_of(std::string_view message) {
  return collapse_blanks(text_of(message));
}

TEST(BodyText, IsPlainAsciiWithoutAContentType) {
  EXPECT_EQ(text_of("Subject: a\n\none\n\ntwo\n"), "one\n\ntwo\n");
  EXPECT_EQ(text_of("Content-Type: text", "one\n"), "one\n");
  EXPECT_EQ(text_of("Content-Type:", "one\n"), "one\n");
}

TEST(BodyText, OfAMessageWithoutTextIsEmpty) {
  EXPECT_EQ(text_of("Subject: a\n\n"), "");
  EXPECT_EQ(text_of("Subject: a\n"), "");
  EXPECT_EQ(text_of("Subject: a\n\n \n\t\n"), "");
  EXPECT_EQ(text_of("Content-Type: image/png", "octets"), "");
  EXPECT_EQ(text_of("Content-Type: text/calendar", "BEGIN:VCALENDAR"), "");
  EXPECT_EQ(text_of("Content-Type: message/rfc822", "Subject: a\n\none\n"), "");
  EXPECT_EQ(text_of("Content-Type: multipart/mixed", "one\n"), "");
  EXPECT_EQ(text_of("Content-Type: text/plain\nContent-Disposition: attachment", "one\n"), "");
}

TEST(BodyText, IsReadInItsCharsetAndTransferEncoding) {
  const struct {
    std::string_view fields, body, text;
  } cases[] = {
      {"Content-Type: text/plain; charset=ISO-2022-JP\nContent-Transfer-Encoding: 7bit",
       "\x1B$B@A5a=q\x1B(B\n", "\u8ACB\u6C42\u66F8\n"},
      {"Content-Type: text/plain; charset=\"iso-2022-jp\"\nContent-Transfer-Encoding: base64",
       "GyRCQEE1YT1xGyhCCg==\n", "\u8ACB\u6C42\u66F8\n"},
      {"Content-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: 8bit",
       "\xD3\xDE\xA3\xD4\n", "\u0441\u0447\u0451\u0442\n"},
      {"Content-Type: TEXT/PLAIN; CHARSET=KOI8-R\nContent-Transfer-Encoding: BASE64 (really)",
       "096j1Ao=", "\u0441\u0447\u0451\u0442\n"},
      {"Content-Type: text/plain; charset=windows-1252\n"
       "Content-Transfer-Encoding: (as ever) Quoted-Printable",
       "=80 100 f=FCr =\n=84alle=93\n", "\u20AC 100 f\u00FCr \u201Ealle\u201C\n"},
      {"Content-Type: text/plain; charset=windows-1252", "\x80\n", "\u20AC\n"},
      {"Content-Type: text/plain", "\xC3\xBC\n", "\u00FC\n"},
      {"Content-Type: text/plain; charset=us-ascii", "\xFC\n", "\u00FC\n"},
      {"Content-Type: text/plain; charset=x-unknown", "\xFC\n", "\u00FC\n"},
      {"Content-Type: text/plain; charset=utf-8",
       "a\xFF"
       "b\n",
       "a\uFFFD"
       "b\n"},
      {"Content-Type: text/plain; charset=utf-8",
       "\xEF\xBB\xBF"
       "a\n",
       "a\n"},
      {"Content-Type: text/plain; charset=utf-16be\nContent-Transfer-Encoding: base64",
       "APwACg==", "\u00FC\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.fields);
    EXPECT_EQ(text_of(c.fields, c.body), c.text);
  }
}

TEST(BodyText, HasEveryLineEndedByLf) {
  const auto base64 = [](std::string_view text) {
    return text_of("Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8",
                   encode_base64(text));
  };
  EXPECT_EQ(base64("a\r\nb\rc\nd"), "a\nb\nc\nd\n");
  EXPECT_EQ(base64("a\r\r\nb\r\r"), "a\nb\n\n");
  EXPECT_EQ(base64("a\u2028b\u2029c\u0085d"), "a\nb\nc\nd\n");
}

TEST(BodyText, HasNoOtherControlCharactersThanTabs) {
  EXPECT_EQ(text_of("A: b", "a\0b\tc\x1B[1m\x7F\x0C\n"sv), "ab\tc[1m\n");
  EXPECT_EQ(text_of("Content-Type: text/plain; charset=iso-8859-1",
                    "a\x90"
                    "b\n"),
            "ab\n");
}

TEST(BodyText, IsJoinedWhereItIsFlowed) {
  EXPECT_EQ(text_of("Content-Type: text/plain; format=flowed", "our \nprice list\n"),
            "our price list\n");
  EXPECT_EQ(text_of("Content-Type: text/plain; Format=\"Flowed\"", "our \r\nprice list\r\n"),
            "our price list\n");
  EXPECT_EQ(text_of("Content-Type: text/plain", "our \nprice list\n"), "our \nprice list\n");
}

TEST(BodyText, LosesTheBlankOfASoftBreakByDelSp) {
  EXPECT_EQ(text_of("Content-Type: text/plain; charset=utf-8; format=flowed; DelSp=Yes",
                    "\u8ACB\u6C42 \n\u66F8\n"),
            "\u8ACB\u6C42\u66F8\n");
  EXPECT_EQ(text_of("Content-Type: text/plain; charset=utf-8; format=flowed; delsp=no",
                    "\u8ACB\u6C42 \n\u66F8\n"),
            "\u8ACB\u6C42 \u66F8\n");
}

TEST(BodyText, IsPlainTextRatherThanHtmlOfAnAlternative) {
  EXPECT_EQ(line_of(multipart("alternative", {kPlain, kHtml})), "plain");
  EXPECT_EQ(line_of(multipart("alternative", {kHtml, kPlain})), "plain");
  EXPECT_EQ(line_of(multipart("alternative", {multipart("related", {kHtml, kImage}), kPlain})),
            "plain");
}

TEST(BodyText, IsFoundInNestedParts) {
  const auto alternative = multipart("alternative", {kPlain, kHtml});
  EXPECT_EQ(line_of(multipart("mixed", {multipart("related", {alternative, kImage}), kAttachment})),
            "plain");
  EXPECT_EQ(line_of(multipart("mixed", {kAttachment, kImage, alternative})), "plain");
  EXPECT_EQ(line_of(multipart("signed", {alternative, kAttachment})), "plain");
}

TEST(BodyText, IsHtmlWhereNoPlainTextSaysTheSame) {
  EXPECT_EQ(line_of(kHtml.data()), "rich");
  EXPECT_EQ(line_of(multipart("alternative", {kHtml})), "rich");
  EXPECT_EQ(line_of(multipart("mixed", {kHtml, kFooter})), "rich");
  EXPECT_EQ(line_of(multipart("mixed", {multipart("alternative", {kHtml, kImage}), kFooter})),
            "rich");
  EXPECT_EQ(line_of(multipart("alternative", {multipart("mixed", {kHtml, kFooter})})), "rich");
  // Another alternative is about something else.
  EXPECT_EQ(line_of(multipart(
                "mixed", {multipart("alternative", {kHtml}), multipart("alternative", {kFooter})})),
            "rich");
}

TEST(BodyText, PassesOverABlankPart) {
  EXPECT_EQ(line_of(multipart("alternative", {kBlank, kHtml})), "rich");
  EXPECT_EQ(line_of(multipart("alternative", {kHtml, kBlank})), "rich");
  EXPECT_EQ(line_of(multipart("mixed", {kBlank, kFooter})), "footer");
  EXPECT_EQ(line_of(multipart("mixed", {kBlank, kBlank})), "");
}

TEST(BodyText, IsNoAttachment) {
  for (const auto fields : {
           "Content-Disposition: attachment"sv,
           "Content-Disposition: ATTACHMENT (a list); filename=a.txt"sv,
           "Content-Disposition: x-other"sv,
           "Content-Disposition: inline; filename=a.txt"sv,
           "Content-Disposition: inline; filename*=utf-8''a.txt"sv,
           "Content-Disposition: inline; filename*0*=utf-8''a; filename*1=.txt"sv,
           "Content-Type: text/plain; name=a.txt"sv,
           "Content-Type: text/html; name*0=a"sv,
           "Content-Type: text/calendar"sv,
           "Content-Type: message/rfc822"sv,
       }) {
    SCOPED_TRACE(fields);
    const auto part = entity(fields, "attached\n");
    EXPECT_EQ(line_of(multipart("mixed", {part, kPlain})), "plain");
    EXPECT_EQ(line_of(multipart("alternative", {part, kHtml, part})), "rich");
    EXPECT_EQ(line_of(multipart("mixed", {part})), "");
  }
  EXPECT_EQ(line_of(multipart("mixed", {entity("Content-Disposition: inline", "shown")})), "shown");
}

TEST(BodyText, IsNothingInsideAnAttachment) {
  const auto attached =
      "Content-Disposition: attachment\n" + multipart("alternative", {kFooter, kHtml});
  EXPECT_EQ(line_of(multipart("mixed", {attached, kPlain})), "plain");
  EXPECT_EQ(line_of(multipart("mixed", {attached})), "");
}

TEST(BodyText, IsNothingOfADigest) {
  EXPECT_EQ(line_of(multipart("digest", {"\nSubject: a\n\none\n"})), "");
  EXPECT_EQ(line_of(multipart("mixed", {"\none\n"})), "one");
}

TEST(BodyText, IsReadInTheCharsetThatHtmlSays) {
  const auto html = [](std::string_view type, std::string_view document) {
    return collapse_blanks(text_of("Content-Type: text/html" + std::string(type), document));
  };
  EXPECT_EQ(html("", "<head><META Charset='koi8-r'></head><p>\xD3\xDE\xA3\xD4</p>"),
            "\u0441\u0447\u0451\u0442");
  EXPECT_EQ(html("", "<meta http-equiv=x content=\"text/html; charset=koi8-r\"><p>\xD3"), "\u0441");
  EXPECT_EQ(html("; charset=windows-1252", "<meta charset=koi8-r><p>\xD3"), "\u00D3");
  EXPECT_EQ(html("", "<meta charset=utf-16><p>abc"), "abc");
  EXPECT_EQ(html("", "<p>charset=koi8-r \xD3"), "charset=koi8-r \u00D3");
}

TEST(BodyText, IsBounded) {
  const auto text =
      text_of("Content-Type: text/plain; charset=iso-8859-1", std::string(kMaxBodyOctets, '\xFC'));
  EXPECT_LE(text.size(), kMaxBodyTextOctets);
  EXPECT_GE(text.size(), kMaxBodyTextOctets - 2);
  EXPECT_TRUE(is_valid_utf8(text));
  EXPECT_TRUE(text.ends_with("\u00FC\n"));
}

TEST(BodyText, IsCutBeforeWhatWasCutInto) {
  const struct {
    std::string_view fields, character, written;
  } cases[] = {
      // Without its charset, a broken character at the end would turn all of it into Latin-1.
      {"Content-Type: text/plain", "\u20AC", "\xE2\x82\xAC"},
      {"Content-Type: text/plain; charset=utf-8", "\U0001F44D", "\xF0\x9F\x91\x8D"},
      {"Content-Transfer-Encoding: quoted-printable", "\u00FC", "=C3=BC"},
      {"Content-Type: text/plain; charset=iso-2022-jp", "\u8ACB", "\x1B$B@A\x1B(B"},
      {"Content-Type: text/plain; charset=gb18030", "\u00F1", "\x81\x30\x8A\x39"},
  };
  for (const auto& c : cases) {
    for (std::size_t shift = 0; shift < c.written.size(); ++shift) {
      SCOPED_TRACE(std::string(c.fields) + " " + std::to_string(shift));
      const auto text =
          text_of(c.fields, std::string(shift, 'a') + repeated(c.written, kMaxBodyOctets / 2));
      const auto rest = std::string_view(text).substr(shift);
      EXPECT_EQ(rest, repeated(c.character, rest.size() / c.character.size()) + "\n");
      EXPECT_GE(rest.size(), kMaxBodyOctets / c.written.size());
    }
  }
}

TEST(BodyText, IsAsMuchOfCutBase64AsThereIs) {
  const auto base64 = encode_base64(repeated("\u20AC", 100'000));
  for (std::size_t shift = 0; shift < 4; ++shift) {
    const auto text =
        text_of("Content-Transfer-Encoding: base64\nX: y", std::string(shift, '\n') + base64);
    EXPECT_EQ(text, repeated("\u20AC", text.size() / 3) + "\n");
    EXPECT_GT(text.size(), kMaxBodyOctets / 2);
  }
  EXPECT_EQ(text_of("Content-Transfer-Encoding: base64", "YWJjZ"), "abc\n");
}

TEST(BodyText, OfManyPartsIsFoundInLinearTime) {
  const auto part = "--b\nContent-Type: text/html; charset=koi8-r\n\n<a>\n"sv;
  const auto body = repeated(part, kMaxBodyOctets / part.size());
  EXPECT_EQ(text_of("Content-Type: multipart/alternative; boundary=b", body), "");
  EXPECT_EQ(text_of("A: b", std::string(kMaxBodyOctets, '\r') + "\n"), "");
}

/// Words that mean something to a reader of messages, and some that break them.
std::string hostile_message(std::mt19937& random) {
  constexpr std::array kWords = {"\n"sv,
                                 "\n"sv,
                                 "\r\n"sv,
                                 "\n\n"sv,
                                 "\r"sv,
                                 " "sv,
                                 " \n"sv,
                                 "\0"sv,
                                 "\x1B$B"sv,
                                 "\x1B("sv,
                                 "--a\n"sv,
                                 "--b\n"sv,
                                 "--a--\n"sv,
                                 "\n--b--\n"sv,
                                 "Content-Type: text/plain"sv,
                                 "Content-Type: text/html"sv,
                                 "Content-Type: multipart/alternative; boundary=a\n"sv,
                                 "Content-Type: multipart/mixed; boundary=\"b\"\n"sv,
                                 "Content-Type: message/rfc822\n"sv,
                                 "; charset=utf-8"sv,
                                 "; charset=iso-2022-jp"sv,
                                 "; charset=utf-16"sv,
                                 "; charset=utf-7"sv,
                                 "; charset=\xFF"sv,
                                 "; charset=ucs-4"sv,
                                 "; format=flowed"sv,
                                 "; delsp=yes"sv,
                                 "Content-Transfer-Encoding: base64\n"sv,
                                 "Content-Transfer-Encoding: quoted-printable\n"sv,
                                 "Content-Disposition: attachment\n"sv,
                                 "=C3"sv,
                                 "=\n"sv,
                                 "=0"sv,
                                 "=00"sv,
                                 "=E2=80=AE"sv,
                                 "4oCuCg=="sv,
                                 "AAAA"sv,
                                 "<p>"sv,
                                 "<meta charset=utf-32>"sv,
                                 "&#0;&#x9f;&#xD800;"sv,
                                 "> "sv,
                                 "-- \n"sv,
                                 "\u202E"sv,
                                 "\u0085"sv,
                                 "\xEF\xBB\xBF"sv,
                                 "\xF0\x9F"sv,
                                 "\xED\xA0\x80"sv};
  std::string text = "Subject: a\n";
  for (auto count = random() % 60; count > 0; --count) {
    text += kWords[random() % kWords.size()];
    if (random() % 4 == 0) text += static_cast<char>(random() % 256);
  }
  if (random() % 50 == 0) text += repeated(kWords[random() % kWords.size()], 70'000);
  return text;
}

TEST(BodyTextProperty, IsSafeTextWhateverTheMessage) {
  std::mt19937 random(3834);
  std::size_t found = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto message = hostile_message(random);
    const auto text = text_of(message);
    SCOPED_TRACE(testing::PrintToString(message.substr(0, 2000)));
    ASSERT_TRUE(is_valid_utf8(text));
    ASSERT_LE(text.size(), kMaxBodyTextOctets);
    ASSERT_TRUE(text.empty() || text.ends_with('\n'));
    for (std::string_view rest = text; !rest.empty();) {
      const auto [c, length] = next_character(rest);
      ASSERT_FALSE((c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0));
      rest.remove_prefix(length);
    }
    found += text.empty() ? 0 : 1;
  }
  EXPECT_GT(found, 500U);  // it has been tried
}

}  // namespace
}  // namespace inforeply
