#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reply/composer.hpp"
#include "reply/quote.hpp"
#include "reply/reply_reader.hpp"
#include "reply/reply_scene.hpp"
#include "responder/responder_desk.hpp"

namespace inforeply {
namespace {

using namespace std::string_literals;
using test::Desk;
using test::lines_of;
using test::Received;
using test::Scene;
using test::Strings;
using test::text_template;

/// The scene with a reply out of these files: everything but the message is as users write it.
Scene scene_of(const Desk& desk, const std::string& settings) {
  Scene scene;
  scene.responder = desk.load(settings);
  scene.reply =
      load_reply(scene.responder, scene.responder.reply, scene.responder.schedule.period_near({}));
  return scene;
}

/// A desk with texts, HTML, images and attachments.
class FullDesk : public Desk {
 public:
  FullDesk();
};

FullDesk::FullDesk() {
  write("a.html", "<html><body><p>Closed, ${sender_name}.</p></body></html>\n");
  write("logo.html", "<p>Closed.</p><img src=\"cid:logo.png\">\n");
  write("logo.png", "\x89PNG\r\n\x1A\n");
  write("a.pdf", "pdf\n");
  write("Pr\u00E9cis.txt", "pr\u00E9cis\n");
  write("de.txt", "Wir haben zu.\n");
  write("de.html", "<p>Wir haben zu.</p>\n");
  write("fr.txt", "C'est ferm\u00E9.\n");
  write("pt.txt", "Fechado.\n");
}

Strings languages_of(const Received& reply) {
  Strings languages;
  for (const auto& part : reply.parts)
    languages.push_back(part["Content-Language"]);
  return languages;
}

TEST(ComposerMultipart, IsAsSmallAsWhatItHolds) {
  const FullDesk desk;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"text = text.txt\n", "text/plain"},
      {"text = text.txt\nhtml = a.html\n", "alternative(text/plain, text/html)"},
      {"html = a.html\n", "alternative(text/plain, text/html)"},
      {"text = text.txt\nattach = a.pdf\n", "mixed(text/plain, application/pdf)"},
      {"text = text.txt\nhtml = logo.html\ninline = logo.png\n",
       "related(alternative(text/plain, text/html), image/png)"},
      {"text = text.txt\nhtml = logo.html\ninline = logo.png\nattach = a.pdf\n",
       "mixed(related(alternative(text/plain, text/html), image/png), application/pdf)"},
      {"text = text.txt\ntext.de = de.txt\nlanguages = all\n",
       "alternative(text/plain, text/plain)"},
      {"text = text.txt\ntext.de = de.txt\nhtml.de = de.html\nlanguages = all\nattach = a.pdf\n",
       "mixed(alternative(alternative(text/plain, text/html), text/plain), application/pdf)"},
  };
  for (const auto& [settings, shape] : cases)
    EXPECT_EQ(scene_of(desk, settings).received().shape(), shape) << settings;
}

TEST(ComposerMultipart, TheSameRequestGivesTheSameOctets) {
  const FullDesk desk;
  const std::string settings =
      "html = logo.html\ninline = logo.png\nattach = a.pdf\ntext.de = de.txt\nlanguages = all\n";
  EXPECT_EQ(scene_of(desk, settings).compose_text(), scene_of(desk, settings).compose_text());
}

TEST(ComposerMultipart, TheFieldsOfTheReplyAreThoseOfAPlainOne) {
  const FullDesk desk;
  Strings names = scene_of(desk, "text = text.txt\n").received().names();
  names.pop_back();  // Content-Transfer-Encoding, which a multipart does not need
  EXPECT_EQ(scene_of(desk, "html = a.html\nattach = a.pdf\n").received().names(), names);
}

TEST(Rfc3834, R24_APlainPartStandsBeforeTheHtmlAlsoWhereNoneIsWritten) {
  const FullDesk desk;
  for (const char* settings : {"html = a.html\n", "text = text.txt\nhtml = a.html\n"}) {
    const Received reply = scene_of(desk, settings).received();
    ASSERT_EQ(reply.shape(), "alternative(text/plain, text/html)");
    EXPECT_EQ(reply.parts[0]["Content-Type"], "text/plain; charset=utf-8; format=flowed");
    EXPECT_EQ(reply.parts[1]["Content-Type"], "text/html; charset=utf-8");
    EXPECT_NE(reply.parts[0].text().find("losed"), std::string::npos);
    EXPECT_EQ(reply.parts[0].text().find('<'), std::string::npos);
  }
}

TEST(ComposerMultipart, AnInlineImageIsNamedAsTheHtmlNamesIt) {
  const Received reply =
      scene_of(FullDesk(), "text = text.txt\nhtml = logo.html\ninline = logo.png\n").received();
  EXPECT_TRUE(reply["Content-Type"].starts_with(
      "multipart/related; type=\"multipart/alternative\"; boundary=\""));
  const Received& image = reply.first("image/png");
  EXPECT_EQ(image["Content-ID"], "<logo.png>");
  EXPECT_EQ(image["Content-Disposition"], "inline; filename=logo.png");
  EXPECT_EQ(image.octets(), "\x89PNG\r\n\x1A\n");
  EXPECT_NE(reply.first("text/html").text().find("cid:logo.png"), std::string::npos);
}

TEST(ComposerMultipart, AnImageGoesOnlyWithTheHtmlThatShowsIt) {
  const FullDesk desk;
  desk.write("big.html", "<img src='CID:logo.png'>\n");
  desk.write("other.html", "<img src=\"cid:logo.png.png\">\n");
  desk.write("logo.png.png", "png");
  const std::string settings =
      "html = a.html\nhtml.de = logo.html\nhtml.fr = big.html\nhtml.pt = other.html\n"
      "inline = logo.png\ninline = logo.png.png\n";
  Scene scene = scene_of(desk, settings);
  EXPECT_EQ(scene.received().shape(), "alternative(text/plain, text/html)");
  scene.header += "Accept-Language: de\n";
  EXPECT_EQ(scene.received().first("image/png")["Content-ID"], "<logo.png>");
  scene = scene_of(desk, settings);
  scene.header += "Accept-Language: fr\n";
  EXPECT_EQ(scene.received().shape(), "related(alternative(text/plain, text/html), image/png)")
      << "cid is a scheme in any case";
  scene = scene_of(desk, settings);
  scene.header += "Accept-Language: pt\n";
  ASSERT_EQ(scene.received().parts.size(), 2U);
  EXPECT_EQ(scene.received().first("image/png")["Content-ID"], "<logo.png.png>");
  scene = scene_of(desk, settings + "languages = all\n");
  EXPECT_EQ(scene.received().parts.size(), 3U);
}

TEST(ComposerMultipart, ASenderCannotAskForAnImage) {
  const FullDesk desk;
  desk.write("subject.html", "<p>${subject}</p>\n");
  Scene scene = scene_of(desk,
                         "html = subject.html\nhtml.de = logo.html\ninline = logo.png\n"
                         "quote = 3\n");
  scene.header = "Subject: cid:logo.png \"cid:logo.png\"\n";
  scene.body = "\"cid:logo.png\"\n";
  EXPECT_EQ(scene.received().shape(), "alternative(text/plain, text/html)");
}

TEST(ComposerMultipart, AnAttachmentArrivesAsItIs) {
  const Received reply =
      scene_of(FullDesk(), "text = text.txt\nattach = Pr\u00E9cis.txt\nattach = a.pdf\n")
          .received();
  ASSERT_EQ(reply.parts.size(), 3U);
  EXPECT_EQ(reply.parts[1]["Content-Type"], "text/plain; charset=utf-8");
  EXPECT_EQ(reply.parts[1]["Content-Disposition"], "attachment; filename*=utf-8''Pr%C3%A9cis.txt");
  EXPECT_EQ(reply.parts[1].octets(), "pr\u00E9cis\n");
  EXPECT_EQ(reply.parts[2]["Content-Disposition"], "attachment; filename=a.pdf");
  EXPECT_EQ(reply.parts[2].octets(), "pdf\n");
}

TEST(ComposerLanguages, AreChosenByTheMessage) {
  const FullDesk desk;
  const std::string settings =
      "text = text.txt\ntext.de = de.txt\nsubject.de = Zu: ${subject}\ntext.fr = fr.txt\n"
      "text.pt-BR = pt.txt\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "We are closed.\n"},
      {"Accept-Language: de-AT, fr;q=0.9", "Wir haben zu.\n"},
      {"Accept-Language: de;q=0.2, FR", "C'est ferm\u00E9.\n"},
      {"Accept-Language: pt", "Fechado.\n"},
      {"Accept-Language: ja", "We are closed.\n"},
      {"Accept-Language: *", "We are closed.\n"},
      {"Content-Language: de", "Wir haben zu.\n"},
      {"Accept-Language: fr\nContent-Language: de", "C'est ferm\u00E9.\n"},
  };
  for (const auto& [field, text] : cases) {
    Scene scene = scene_of(desk, settings);
    scene.header += field.empty() ? "" : field + "\n";
    EXPECT_EQ(scene.received().text(), text) << field;
  }
  Scene scene = scene_of(desk, settings);
  EXPECT_FALSE(scene.received().has("Content-Language")) << "nobody has said which it is";
  scene.header += "Accept-Language: de\n";
  EXPECT_EQ(scene.received()["Content-Language"], "de");
  EXPECT_EQ(scene.received()["Subject"], "Zu: Opening hours");
}

TEST(ComposerLanguages, TheDefaultMayHaveOneToo) {
  const FullDesk desk;
  Scene scene = scene_of(desk, "language = en\ntext = text.txt\ntext.de = de.txt\n");
  EXPECT_EQ(scene.received()["Content-Language"], "en");
  scene.header += "Accept-Language: de;q=0.5, en-US\n";
  EXPECT_EQ(scene.received()["Content-Language"], "en");
}

TEST(Rfc3834, R24_AllLanguagesStandInOneAlternativeTheSendersLast) {
  const FullDesk desk;
  const std::string settings =
      "text = text.txt\ntext.de = de.txt\nhtml.de = de.html\ntext.fr = fr.txt\nlanguages = all\n";
  Scene scene = scene_of(desk, settings);
  EXPECT_EQ(scene.received().type(), "multipart/alternative");
  EXPECT_EQ(languages_of(scene.received()), (Strings{"de", "fr", "i-default"}));
  scene.header += "Accept-Language: de\n";
  EXPECT_EQ(languages_of(scene.received()), (Strings{"i-default", "fr", "de"}));
  EXPECT_EQ(scene.received().shape(),
            "alternative(text/plain, text/plain, alternative(text/plain, text/html))");
  scene = scene_of(desk, "language = en\n" + settings);
  scene.header += "Accept-Language: fr\n";
  EXPECT_EQ(languages_of(scene.received()), (Strings{"en", "de", "fr"}));
}

TEST(ComposerQuote, StandsBelowTheTextAndInTheHtml) {
  const FullDesk desk;
  Scene scene = scene_of(desk, "text = text.txt\nhtml = a.html\nquote = 3\n");
  scene.body = "first <b>\n\nsecond & \"third\"\n";
  const Received reply = scene.received();
  const auto [text, quote] = reply.first("text/plain").text_and_quote();
  EXPECT_EQ(text, "We are closed.\n\n");
  EXPECT_EQ(quote, "> first <b>\n>\n> second & \"third\"\n");
  const std::string html = reply.first("text/html").text();
  EXPECT_EQ(html,
            "<html><body><p>Closed, Alice.</p><blockquote type=\"cite\">\nfirst &lt;b&gt;<br>\n"
            "<br>\nsecond &amp; &quot;third&quot;<br>\n</blockquote>\n</body></html>\n");
}

TEST(ComposerQuote, StandsInThePlainTextMadeFromHtmlOnce) {
  Scene scene = scene_of(FullDesk(), "html = a.html\nquote = 1\n");
  scene.body = "only this\n";
  const Received reply = scene.received();
  EXPECT_EQ(reply.first("text/plain").text_and_quote().second, "> only this\n");
}

TEST(ComposerQuote, StandsAboveTheSignature) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"Closed.\n-- \nAnna\n", "Closed.\n\n> Hello\n\n-- \nAnna\n"},
      {"Closed.\n\n-- \nAnna\n", "Closed.\n\n> Hello\n\n-- \nAnna\n"},
      {"Closed.\n-- \nAnna\n-- \nDesk", "Closed.\n-- \nAnna\n\n> Hello\n\n-- \nDesk\n"},
      {"-- \nAnna\n", "\n> Hello\n\n-- \nAnna\n"},
      {"Closed.\n--\nAnna --\n -- \n", "Closed.\n--\nAnna --\n  --\n\n> Hello\n"}};
  for (const auto& [text, lines] : cases) {
    Scene scene;
    scene.reply.settings.quote.lines = 1;
    scene.text() = text_template(text);
    EXPECT_EQ(scene.received().lines(), lines);
  }
}

TEST(ComposerQuote, StandsInTheBodyOfTheHtmlHoweverItIsWritten) {
  Scene scene;
  scene.reply.settings.quote.lines = 1;
  scene.html() = text_template("<BODY>a<!-- </body> --></BODY>\n");
  EXPECT_EQ(scene.received().first("text/html").text(),
            "<BODY>a<!-- </body> --><blockquote type=\"cite\">\nHello<br>\n</blockquote>\n"
            "</BODY>\n");
}

TEST(ComposerQuote, OfTheFieldsTellsWhichMessageWasAnswered) {
  Scene scene;
  scene.reply.settings.quote.headers = true;
  const auto [text, quote] = scene.received().text_and_quote();
  EXPECT_EQ(text, "We are closed.\n\n");
  EXPECT_NE(quote.find("Opening hours"), std::string::npos);
}

TEST(Rfc3834, R25_TheReplyQuotesNothingUnlessSet) {
  Scene scene = scene_of(FullDesk(), "text = text.txt\nhtml = a.html\n");
  scene.body = "SECRET\n";
  EXPECT_EQ(scene.compose_text().find("SECRET"), std::string::npos);
  scene.reply.settings.quote.headers = true;
  EXPECT_EQ(scene.compose_text().find("SECRET"), std::string::npos);
  scene.reply.settings.quote = {false, 1};
  EXPECT_NE(scene.compose_text().find("SECRET"), std::string::npos);
}

TEST(Rfc3834, R25_OfAMessageWithAttachmentsItsTextAloneIsQuoted) {
  Scene scene;
  scene.reply.settings.quote.lines = 20;
  scene.header += "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n";
  scene.body =
      "--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nU0VDUkVU\n--b\n\n"
      "What does it cost?\n--b\nContent-Type: text/plain\n"
      "Content-Disposition: attachment; filename=a.txt\n\nSECRET\n--b\n"
      "Content-Type: message/rfc822\n\nSubject: SECRET\n\nSECRET\n--b--\n";
  const Received reply = scene.received();
  EXPECT_EQ(reply.shape(), "text/plain");
  EXPECT_EQ(reply.text_and_quote().second, "> What does it cost?\n");
}

TEST(Rfc3834, R25_NoMoreThan20LinesAreQuoted) {
  Scene scene;
  scene.reply.settings.quote.lines = kMaxQuoteLines;
  scene.body = test::repeated("line\n", 100);
  EXPECT_EQ(lines_of(scene.received().text_and_quote().second).size(), kMaxQuoteLines);
}

TEST(Rfc3834, R26_EncodedWordsAreDecodedInHtmlInTemplatesAndInAQuoteToo) {
  const Desk desk;
  desk.write("reply.eml",
             "X-About: ${subject}\nContent-Type: multipart/alternative; boundary=b\n\n--b\n"
             "Content-Type: text/plain; charset=koi8-r\n\n\xCD\xC9\xD2: ${subject}\n--b\n"
             "Content-Type: text/html; charset=iso-8859-1\n\n<p>\xFC: ${subject}\n--b--\n");
  Scene scene = scene_of(desk, "template = reply.eml\nquote = headers\n");
  scene.header = "Subject: =?koi8-r?B?8NLJ18XU?= =?iso-8859-15?Q?_=A4?=\n";
  const std::string subject = "\u041F\u0440\u0438\u0432\u0435\u0442 \u20AC";
  const Received reply = scene.received();
  EXPECT_EQ(test::decode_text(reply["X-About"]), subject);
  const auto [text, quote] = reply.first("text/plain").text_and_quote();
  EXPECT_EQ(text, "\u043C\u0438\u0440: " + subject + "\n\n");
  EXPECT_NE(quote.find(subject), std::string::npos) << quote;
  EXPECT_EQ(reply.first("text/html").text(), "<p>\u00FC: " + subject +
                                                 "<blockquote type=\"cite\">\nSubject: " + subject +
                                                 "<br>\n</blockquote>\n");
}

TEST(ComposerHtml, ValuesAreEscaped) {
  Scene scene;
  scene.html() = text_template("<a title=\"${subject}\">${sender_name}</a>\n");
  scene.text() = text_template("${subject}\n");
  scene.header = "From: \"<i>&amp;</i>\" <alice@example.net>\nSubject: \"><script>'\n";
  const Received reply = scene.received();
  EXPECT_EQ(reply.first("text/plain").text(), "\"><script>'\n");
  const std::string html = reply.first("text/html").text();
  EXPECT_EQ(html.find("<script>"), std::string::npos);
  EXPECT_EQ(html.find("<i>"), std::string::npos);
  EXPECT_NE(html.find("title=\"&quot;&gt;&lt;script&gt;"), std::string::npos);
  EXPECT_NE(html.find("&lt;i&gt;&amp;amp;&lt;/i&gt;"), std::string::npos);
}

TEST(ComposerHtml, QuotationsAreQuotedInThePlainTextMadeFromIt) {
  Scene scene;
  scene.reply.texts.front().text.reset();
  scene.html() = text_template("<p>We said:<blockquote>closed</blockquote><p>&gt; no quote\n");
  EXPECT_EQ(scene.received().first("text/plain").lines(), "We said:\n\n> closed\n\n  > no quote\n");
}

TEST(ComposerHtml, LongLinesArriveWholeInShortOnes) {
  // The reader refuses lines over 998 octets.
  for (const std::size_t length : {998U, 999U, 5000U}) {
    const std::string line = "<p>" + std::string(length, 'x') + "</p>\n";
    Scene scene;
    scene.html() = text_template(line + line);
    EXPECT_EQ(scene.received().first("text/html").text(), line + line);
  }
}

TEST(ComposerTemplate, PartsAreFilledEncodedAndKept) {
  const Desk desk;
  desk.write("a.pdf", "pdf\n");
  desk.write("reply.eml",
             "Subject: Zu: ${subject}\nX-About: ${sender}\n"
             "Content-Type: multipart/alternative; boundary=b\n\n--b\n"
             "Content-Type: text/plain; charset=iso-8859-1\n\nGr\xFC\xDF"
             "e, ${sender_name}\n--b\n"
             "Content-Type: text/html\nContent-Language: de\n\n<p>${subject}</p>\n--b\n"
             "Content-Type: text/calendar; method=REQUEST\n\nSUMMARY:${subject}\n--b--\n");
  Scene scene = scene_of(desk, "template = reply.eml\nattach = a.pdf\nquote = 2\n");
  scene.header = "From: Alice <alice@example.net>\nSubject: <b>\nMessage-ID: <1@example.net>\n";
  const Received reply = scene.received();
  EXPECT_EQ(reply.shape(),
            "mixed(alternative(text/plain, text/html, text/calendar), application/pdf)");
  EXPECT_EQ(reply["Subject"], "Zu: <b>");
  EXPECT_EQ(reply["X-About"], "alice@example.net");
  const auto [text, quote] = reply.first("text/plain").text_and_quote();
  EXPECT_EQ(text, "Gr\u00FC\u00DFe, Alice\n\n");
  EXPECT_EQ(quote, "> Hello\n");
  EXPECT_EQ(reply.first("text/html").text(),
            "<p>&lt;b&gt;</p><blockquote type=\"cite\">\nHello<br>\n</blockquote>\n");
  EXPECT_EQ(reply.first("text/html")["Content-Language"], "de");
  EXPECT_EQ(reply.first("text/calendar")["Content-Type"],
            "text/calendar; method=REQUEST; charset=utf-8");
  EXPECT_EQ(reply.first("text/calendar").text(), "SUMMARY:<b>\n");
}

TEST(ComposerTemplate, ASignedPartIsSentOctetForOctet) {
  const Desk desk;
  const std::string sealed =
      "--s\nContent-Type: text/plain\n\nDear ${sender}  \nFrom us\n\n--s\n"
      "Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\n--s--\n";
  desk.write("reply.eml", "Content-Type: multipart/signed; boundary=s\n\n" + sealed);
  EXPECT_EQ(scene_of(desk, "template = reply.eml\n").received().encoded_body, sealed);
  const Received with_file = scene_of(desk, "template = reply.eml\nattach = text.txt\n").received();
  EXPECT_EQ(with_file.shape(), "mixed(multipart/signed, text/plain)");
  EXPECT_EQ(with_file.parts[0].encoded_body, sealed);
}

TEST(ComposerTemplate, OnlyItsFirstTextHasTheQuote) {
  const Desk desk;
  desk.write("reply.eml",
             "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n");
  const Received reply = scene_of(desk, "template = reply.eml\nquote = 1\n").received();
  ASSERT_EQ(reply.parts.size(), 2U);
  EXPECT_EQ(reply.parts[0].text_and_quote().second, "> Hello\n");
  EXPECT_EQ(reply.parts[1].text(), "two\n");
}

/// The types of the parts that have the quote.
std::string quoting_parts(const Desk& desk, const std::string& content) {
  desk.write("reply.eml", content);
  std::string types;
  const auto add = [&](const auto& self, const Received& entity) -> void {
    for (const auto& part : entity.parts)
      self(self, part);
    if (!entity.parts.empty() || entity.lines().find("Hello") == std::string::npos) return;
    types += entity["Content-Type"] + "\n";
  };
  add(add, scene_of(desk, "template = reply.eml\nquote = 1\n").received());
  return types;
}

TEST(ComposerTemplate, ATextWithAFileNameHasNoQuote) {
  const Desk desk;
  const std::string begin = "Content-Type: multipart/mixed; boundary=b\n\n--b\n";
  const std::string end = "\n\nprices\n--b\n\ntext\n--b--\n";
  const std::string plain = "text/plain; charset=utf-8; format=flowed\n";
  EXPECT_EQ(quoting_parts(desk, begin + "Content-Disposition: inline; filename=a.txt" + end),
            plain);
  EXPECT_EQ(quoting_parts(desk, begin + "Content-Disposition: inline;\n filename*=utf-8''a" + end),
            plain);
  EXPECT_EQ(quoting_parts(desk, begin + "Content-Type: text/plain; name=a.txt" + end), plain);
  EXPECT_EQ(quoting_parts(desk, begin + "Content-Type: text/html; name=a.html" + end), plain);
  EXPECT_EQ(
      quoting_parts(desk, begin + "Content-Disposition: inline; filename=a.txt\n\nonly\n--b--\n"),
      "");
}

TEST(ComposerTemplate, AMixedHasOneQuoteInEachFormOfOneAlternative) {
  const Desk desk;
  const std::string html = "Content-Type: text/html\n\n<p>text\n";
  const std::string alternative =
      "Content-Type: multipart/alternative; boundary=a\n\n--a\n\ntext\n--a\n"
      "Content-Type: multipart/related; boundary=r\n\n--r\n" +
      html + "--r--\n--a--\n";
  const auto mixed = [](const std::string& first, const std::string& second) {
    return "Content-Type: multipart/mixed; boundary=b\n\n--b\n" + first + "--b\n" + second +
           "--b--\n";
  };
  const std::string plain_type = "text/plain; charset=utf-8; format=flowed\n";
  const std::string html_type = "text/html; charset=utf-8\n";
  EXPECT_EQ(quoting_parts(desk, mixed("\ntext\n", html)), plain_type);
  EXPECT_EQ(quoting_parts(desk, mixed(html, "\ntext\n")), html_type);
  EXPECT_EQ(quoting_parts(desk, mixed(alternative, html)), plain_type + html_type);
  EXPECT_EQ(quoting_parts(desk, mixed("\ntext\n", alternative)), plain_type);
  EXPECT_EQ(quoting_parts(desk, alternative), plain_type + html_type);
}

TEST(ComposerTemplate, OneOfATextIsAPlainReply) {
  const Desk desk;
  desk.write("reply.eml", "Content-Type: text/plain; charset=koi8-r\n\n\xCD\xC9\xD2\n");
  const Received reply = scene_of(desk, "template = reply.eml\n").received();
  EXPECT_EQ(reply["Content-Type"], "text/plain; charset=utf-8; format=flowed");
  EXPECT_EQ(reply.text(), "\u043C\u0438\u0440\n");
}

}  // namespace
}  // namespace inforeply
