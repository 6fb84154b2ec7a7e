#include "inforeply/check.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "responder_desk.hpp"

namespace inforeply {
namespace {

using test::Desk;
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

}  // namespace
}  // namespace inforeply
