#include "delivery/config_check.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "inforeply/text.hpp"
#include "reply/reply_scene.hpp"
#include "responder/responder_desk.hpp"

namespace inforeply {
namespace {

using test::Desk;
using test::repeated;
using test::Scene;
using Strings = std::vector<std::string>;

const std::string kNameNote =
    "note: 'from' of a service should have a display name that says what it is (RFC 3834, 3.1.1)";
const std::string kTextNote =
    "note: a reply should have a text of its own beside the HTML (RFC 3834, 3.2)";

TEST(Rfc3834, R12_AServiceWithoutANameIsNoted) {
  const Desk desk;
  desk.write("reply.eml", "From: Opening hours <info@example.org>\n\ntext\n");
  EXPECT_EQ(desk.notes("kind = service\ntext = text.txt\n"), Strings{"info.conf: " + kNameNote});
  EXPECT_EQ(desk.notes("kind = service\ntext = text.txt\nfrom = info@example.org\n"),
            Strings{"info.conf: " + kNameNote});
  EXPECT_EQ(desk.notes("kind = service\ntext = text.txt\nfrom = Hours <info@example.org>\n"),
            Strings{});
  EXPECT_EQ(desk.notes("kind = personal\ntext = text.txt\n"), Strings{});
  EXPECT_EQ(desk.notes("kind = group\ntext = text.txt\n"), Strings{});
  EXPECT_EQ(desk.notes("kind = service\ntemplate = reply.eml\n"), Strings{});
}

TEST(Rfc3834, R12_ASectionOfAServiceWithoutANameIsNotedInItsLine) {
  const Desk desk;
  EXPECT_EQ(desk.notes("kind = service\ntext = text.txt\nfrom = Hours <info@example.org>\n"
                       "[when a]\nsender = @example.org\n"
                       "[when b]\nsender = @example.net\nfrom = info@example.org\n"),
            Strings{"info.conf:6: " + kNameNote});
}

TEST(Rfc3834, R24_HtmlWithoutATextIsNotedButInAService) {
  const Desk desk;
  desk.write("a.html", "<p>Closed.</p>\n");
  EXPECT_EQ(desk.notes("html = a.html\n"), Strings{"info.conf:1: " + kTextNote});
  EXPECT_EQ(desk.notes("text = text.txt\nhtml = a.html\n"), Strings{});
  EXPECT_EQ(desk.notes("text = text.txt\n\nhtml.de = a.html\n"),
            Strings{"info.conf:3: " + kTextNote});
  EXPECT_EQ(desk.notes("kind = service\nfrom = Hours <info@example.org>\nhtml = a.html\n"),
            Strings{});
}

TEST(Rfc3834, R24_ATemplateOfHtmlWithoutATextIsNotedToo) {
  const Desk desk;
  const std::string html = "Content-Type: text/html\n\n<p>Closed.</p>\n";
  const auto notes = [&](const std::string& content, const std::string& settings = {}) {
    desk.write("reply.eml", content);
    return desk.notes("\ntemplate = reply.eml\n" + settings);
  };
  const auto with_part = [&](const std::string& part) {
    return "Content-Type: multipart/mixed; boundary=b\n\n--b\n" + part + "\n--b\n" + html +
           "--b--\n";
  };
  EXPECT_EQ(notes(html), Strings{"info.conf:2: " + kTextNote});
  EXPECT_EQ(notes(html, "kind = service\n"), Strings{});
  EXPECT_EQ(notes("\nClosed.\n"), Strings{});
  EXPECT_EQ(notes(with_part("\nClosed.\n")), Strings{});
  EXPECT_EQ(notes(with_part("Content-Type: text/plain; format=fixed\n\nClosed.\n")), Strings{});
  EXPECT_EQ(notes(with_part("Content-Type: text/plain; name=a.txt\n\nPrices\n")),
            Strings{"info.conf:2: " + kTextNote});
  EXPECT_EQ(notes(with_part("Content-Type: text/calendar\n\nSUMMARY\n")),
            Strings{"info.conf:2: " + kTextNote});
}

TEST(Check, ANoteIsNoFault) {
  const Desk desk;
  EXPECT_EQ(desk.faults("kind = service\ntext = text.txt\n"), Strings{});
}

TEST(Check, EveryReplyOfAResponderIsComposed) {
  const Desk desk;
  desk.write("big.txt", std::string(66'000, 'x') + "\n");
  desk.write("b.bin", std::string(60'000, 'x'));
  const Strings faults = desk.faults(
      "text = text.txt\ntext.de = text.txt\n[when a]\nsender = @example.org\nattach = b.bin\n"
      "[when b]\nsender = @example.net\ntext = text.txt\ntext.fr = big.txt\n");
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_TRUE(faults[0].starts_with("info.conf:3: the reply has 8")) << faults[0];
  EXPECT_EQ(faults[1], "info.conf:9: 'big.txt': larger than 65536 octets (see 'allow-large')");
}

TEST(Check, EachLanguageIsComposed) {
  const Desk desk;
  std::string text;
  for (int i = 0; i < 32'000; ++i)
    text += "\u00E9";
  desk.write("de.txt", text);  // below the limit until it is encoded
  const Strings faults = desk.faults("text = text.txt\ntext.de = de.txt\n");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_TRUE(faults[0].starts_with("info.conf: the reply has ")) << faults[0];
}

/// A responder whose texts are as long as the check accepts them.
class LongestReply : public ::testing::TestWithParam<std::string> {
 protected:
  /// Writes the files with so many lines of filling, and says whether the check accepts them.
  bool is_accepted(const std::string& settings, const std::string& line, std::size_t lines) {
    const std::string filling = repeated(line, lines);
    desk_.write("a.txt", "${date} " + repeated(GetParam() + "\n", 6) + filling);
    desk_.write("a.html", "<p title='${date}'>" + repeated(GetParam() + "<br>\n", 6) + filling);
    desk_.write("reply.eml", "Subject: " + GetParam() + "\nX-About: " + GetParam() + GetParam() +
                                 "\n\n" + repeated(GetParam() + "\n", 6) + filling);
    return desk_.faults(settings).empty();
  }

  void fill(const std::string& settings, const std::string& line) {
    std::size_t accepted = 0;
    std::size_t refused = kMaxReplyOctets;
    ASSERT_TRUE(is_accepted(settings, line, 0));
    while (refused - accepted > 1) {
      const auto middle = accepted + (refused - accepted) / 2;
      (is_accepted(settings, line, middle) ? accepted : refused) = middle;
    }
    ASSERT_TRUE(is_accepted(settings, line, accepted));
    scene_.responder = desk_.load(settings);
    scene_.reply = load_reply(scene_.responder, scene_.responder.reply,
                              scene_.responder.schedule.period_near({}));
  }

  void expect_composed(const Address& sender, const std::string& characters) {
    scene_.recipient = sender;
    scene_.sender = Sender(sender.to_string());
    scene_.header = "From: \"" + characters + "\" <" + sender.to_string() + ">\nTo: " + characters +
                    "\nSubject: " + characters + "\nMessage-ID: <" +
                    repeated(characters.substr(0, 1), 248) +
                    ">\nReferences:" + repeated(" <" + std::string(240, 'x') + ">\n", 20) +
                    "Date: " + characters + "\nAccept-Language: de\n";
    scene_.body = repeated(characters + "\n", 20);
    EXPECT_NO_THROW(static_cast<void>(scene_.compose_text()))
        << characters.substr(0, 20) << " from " << sender.to_string();
  }

  Desk desk_;
  Scene scene_;
};

const Strings kLongReplies = {"text = a.txt\nquote = 20\n", "html = a.html\nquote = headers\n",
                              "text = a.txt\nhtml = a.html\nquote = 20\n",
                              "text = text.txt\ntext.de = a.txt\nhtml.de = a.html\n"
                              "subject.de = ${sender} ${subject}\nlanguages = all\n",
                              "template = reply.eml\nquote = 20\n"};

/// Addresses of 254 octets.
std::vector<Address> longest_addresses() {
  const auto with_local_part = [](const std::string& text) {
    return test::address(text + std::string(252 - text.size(), 'x') + "@y");
  };
  return {with_local_part(repeated("'", 252)), with_local_part(repeated("=", 252)),
          with_local_part(repeated("\u00E9", 126)),
          with_local_part("\"" + repeated("\\\"", 125) + "\""),
          test::address(std::string(154, '\'') + "@\u00E9" + repeated(".\u00E9", 30))};
}

TEST_P(LongestReply, ThatTheCheckAcceptsIsNeverTooLargeWhateverTheMessage) {
  for (const auto& settings : kLongReplies) {
    for (const char* line : {"x\n", "\u00E9\u00E9\u00E9x\n"}) {
      fill(settings, line);
      for (const auto& sender : longest_addresses()) {
        for (const char* pattern :
             {"\U00020000", "\"", "'", "=", "\"\U00020000", "\"\"\"\u00E9", "<x "}) {
          std::string characters = repeated(pattern, 256);
          for (const std::size_t count : {256U, 257U})
            expect_composed(sender, ellipsize(characters, count));
        }
      }
      ASSERT_FALSE(HasFailure()) << settings << line;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Values, LongestReply,
    ::testing::Values<std::string>("${subject}", "${sender_name}", "${sender}", "${recipient}",
                                   "${message_id}", "${date}", "a=b ${subject} \u00E9 ${sender}",
                                   "${message_id:-" + std::string(kMaxFallbackOctets, '=') + "}"),
    [](const auto& value) { return std::to_string(value.index); });

TEST(Check, ReckonsWithTheLongestValuesAndWithNoQuote) {
  const Desk desk;
  desk.write("long.txt", repeated("line\n", 11'000));
  EXPECT_EQ(desk.faults("text = long.txt\nquote = 20\n"), Strings{});
  for (const char* value : {"subject", "sender_name", "sender", "recipient", "message_id"}) {
    desk.write("long.txt",
               repeated("line\n", 11'000) + repeated("${" + std::string(value) + "}\n", 20));
    EXPECT_EQ(desk.faults("text = long.txt\n").size(), 1U) << value;
  }
}

}  // namespace
}  // namespace inforeply
