#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "reply/composer.hpp"
#include "reply/reply_reader.hpp"
#include "reply/reply_scene.hpp"

namespace inforeply {
namespace {

using namespace std::string_literals;
using test::lines_of;
using test::Received;
using test::reply_with_text;
using test::Scene;
using test::Strings;
using test::text_template;

Received reply_with_large_text(std::string_view text) {
  Scene scene;
  scene.reply.settings.allow_large = true;
  scene.text() = text_template(text);
  return scene.received();
}

TEST(ComposerBody, HasTheEncodingThatIsRightForTheText) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"We are closed.\n", "7bit"},
      {"", "7bit"},
      {"a\tb\n", "7bit"},
      {std::string(900, 'x') + "\n", "7bit"},
      {"Gr\u00FC\u00DFe, but mostly plain letters in this line.\n", "quoted-printable"},
      {std::string(2000, 'x') + "\n", "quoted-printable"},
      {"page\fbreak\n", "quoted-printable"},
      {"\u041F\u0440\u0438\u0432\u0435\u0442, \u043C\u0438\u0440\n", "base64"}};
  for (const auto& [text, encoding] : cases) {
    const Received reply = reply_with_text(text);
    EXPECT_EQ(reply["Content-Transfer-Encoding"], encoding) << text;
    EXPECT_EQ(reply.text(), text);
  }
}

TEST(ComposerBody, BreaksLongParagraphsIntoShortLinesThatJoinAgain) {
  std::string paragraph = "word";
  for (int i = 0; i < 500; ++i)
    paragraph += " word" + std::to_string(i);
  const Received reply = reply_with_text(paragraph + "\n\n" + paragraph + "\n");
  EXPECT_EQ(reply.text(), paragraph + "\n\n" + paragraph + "\n");
  for (const auto& line : lines_of(reply.encoded_body))
    EXPECT_LE(line.size(), 79U);
}

TEST(ComposerBody, KeepsLinesOf5000Characters) {
  for (const std::string& unit : {"x"s, "\u65E5"s, "word "s, "\u00E9 "s}) {
    std::string line = test::repeated(unit, 5000);
    line.resize(line.find_last_not_of(' ') + 1);
    const std::string text = line + "\n" + line + "\n";
    EXPECT_TRUE(reply_with_large_text(text).text() == text) << unit;
  }
}

TEST(ComposerBody, KeepsWhatFlowedTextTreatsSpecially) {
  for (const std::string& text :
       {"> no quotation\n"s, ">\n"s, " indented\n"s, "From here\n"s, "From\n"s, ".\n"s, "..\n"s,
        "text\n-- \nsignature\n"s, "--\n"s, "\n\n\n"s, "no line end at the end\n"s}) {
    EXPECT_EQ(reply_with_text(text).text(), text);
  }
  EXPECT_EQ(reply_with_text("blanks at the end   \nnext").text(), "blanks at the end\nnext\n");
}

TEST(ComposerBody, ABreakNeverMakesASignatureMark) {
  const std::string text = std::string(70, 'a') + " -- " + std::string(80, 'b') + " and so on\n";
  const Received reply = reply_with_text(text);
  EXPECT_EQ(reply.encoded_body.find("\n-- \n"), std::string::npos);
  EXPECT_EQ(reply.text(), text);
}

TEST(ComposerBody, ASoftLineBreakNeverMakesALineThatAMailboxChanges) {
  const std::string text = "\u00E9" + std::string(68, 'x') + " From u\n";
  EXPECT_EQ(reply_with_text(text).text(), text);
}

TEST(ComposerBodyProperty, EveryTextArrivesAsItWasWritten) {
  const Strings pieces = {" ",
                          "  ",
                          "\n",
                          "\n\n",
                          "word",
                          "a",
                          "From ",
                          "\nFrom ",
                          ">",
                          "\n>",
                          ".",
                          "\n.\n",
                          "-- ",
                          "\n-- \n",
                          "\u00E9",
                          "\u65E5\u672C\u8A9E",
                          "=",
                          "=20",
                          "\t",
                          "_?",
                          "\U0001F600",
                          "\x0C",
                          "long" + std::string(90, 'x'),
                          "https://example.org/" + std::string(1100, 'y')};
  std::mt19937 random(3676);
  for (int round = 0; round < 400; ++round) {
    // Few kinds of pieces each round, so that all three encodings come up.
    Strings kinds;
    for (int i = 0; i < 6; ++i)
      kinds.push_back(pieces[random() % pieces.size()]);
    std::string text;
    for (int i = 0; i < 60; ++i)
      text += kinds[random() % kinds.size()];
    std::string expected;
    text += '\n';
    for (std::string line : lines_of(text)) {
      if (line != "-- ") line.resize(line.find_last_not_of(' ') + 1);
      expected += line + "\n";
    }
    Scene scene;
    scene.reply.settings.allow_large = true;
    scene.text() = text_template(text);
    // Not EXPECT_EQ: its output would be long.
    ASSERT_TRUE(scene.received().text() == expected) << "in round " << round << ":\n" << text;
  }
}

TEST(ComposerBody, AReplyThatItsMessageMakesTooLargeGoesWithoutTheQuoteAndTheThread) {
  Scene scene;
  scene.reply.settings.quote.lines = 20;
  scene.text() = text_template(test::repeated("line\n", 12'500));
  scene.body = test::repeated("quoted\n", 20);
  EXPECT_NE(scene.compose_text().find("> quoted"), std::string::npos);
  const std::string references = test::repeated(" <" + std::string(240, 'x') + ">", 20);
  scene.header += "References:" + references + "\n";
  const Received reply = scene.received();
  EXPECT_EQ(reply["References"], "<1@example.net>");
  EXPECT_EQ(reply["In-Reply-To"], "<1@example.net>");
  EXPECT_EQ(reply.text(), test::repeated("line\n", 12'500));
  scene.reply.settings.allow_large = true;
  EXPECT_EQ(scene.received()["References"].find("<xxx"), 0U);
}

TEST(Rfc3834, R10_AReplyOver64KiBIsRefusedUnlessAllowed) {
  Scene scene;
  const std::size_t frame = scene.compose_text().size() - "We are closed.\n"s.size();
  const auto set_size = [&](std::size_t size) {
    std::string text(size - frame, 'x');
    for (std::size_t i = 70; i < text.size(); i += 70)
      text[i] = '\n';
    text.back() = '\n';
    scene.text() = text_template(text);
  };
  set_size(kMaxReplyOctets);
  EXPECT_EQ(scene.compose_text().size(), kMaxReplyOctets);
  set_size(kMaxReplyOctets + 1);
  try {
    static_cast<void>(scene.compose_text());
    ADD_FAILURE() << "composed";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kConfiguration);
    EXPECT_TRUE(std::string(error.what()).starts_with("info.conf: the reply has 65537 octets"));
  }
  scene.reply.settings.allow_large = true;
  EXPECT_EQ(scene.compose_text().size(), kMaxReplyOctets + 1);
  set_size(kMaxLargeReplyOctets + 1);
  EXPECT_THROW(static_cast<void>(scene.compose_text()), ConfigError);
}

}  // namespace
}  // namespace inforeply
