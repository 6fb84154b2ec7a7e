#include "inforeply/reply_template.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "inforeply/reply.hpp"
#include "responder_desk.hpp"

namespace inforeply {
namespace {

using test::Desk;
using test::expanded;

struct FaultCase {
  std::string content;
  std::string fault;  ///< how it begins
};

TEST(ReplyTemplate, IsHeaderFieldsAnEmptyLineAndTheText) {
  const Reply reply = Desk().reply_with_template(
      "From: \"Info Desk\" <info@example.org>\r\nReply-To: desk@example.org\r\n"
      "Subject: =?iso-8859-1?Q?Gr=FC=DFe:?=\r\n ${subject}\r\nPrecedence: junk\r\n"
      "Organization: For ${sender_name}\r\n\r\nDear ${sender_name},\r\n\r\nclosed.\r\n");
  EXPECT_EQ(reply.settings.from->display_name, "Info Desk");
  EXPECT_EQ(reply.settings.from->addr_spec, "info@example.org");
  EXPECT_EQ(reply.settings.reply_to->addr_spec, "desk@example.org");
  EXPECT_EQ(expanded(reply.texts.front().subject), "Gr\u00FC\u00DFe: <subject>");
  EXPECT_EQ(reply.settings.precedence, "junk");
  ASSERT_EQ(reply.extra_fields.size(), 1U);
  EXPECT_EQ(reply.extra_fields.front().name, "Organization");
  EXPECT_EQ(expanded(reply.extra_fields.front().body), "For <sender_name>");
  EXPECT_EQ(expanded(*reply.body->text), "Dear <sender_name>,\n\nclosed.\n");
}

TEST(ReplyTemplate, MayHaveNoFields) {
  const Reply reply = Desk().reply_with_template("\nText: ${date}\n\nmore\n");
  EXPECT_EQ(expanded(*reply.body->text), "Text: <date>\n\nmore\n");
  EXPECT_EQ(expanded(reply.texts.front().subject), "Auto: <subject>");
  EXPECT_EQ(reply.settings.precedence, "bulk");
}

TEST(ReplyTemplate, CannotSetTheFieldsThatTheResponderSets) {
  std::string fields;
  for (const char* name :
       {"To", "cc", "BCC", "Date", "Message-Id", "In-Reply-To", "References", "Sender",
        "auto-submitted", "Return-Path", "Received", "X-Auto-Response-Suppress", "MIME-Version"}) {
    fields += std::string(name) + ": no\n";
  }
  EXPECT_TRUE(Desk().reply_with_template(fields + "\ntext\n").extra_fields.empty());
}

TEST(ReplyTemplate, YieldsToTheSettings) {
  const Desk desk;
  desk.write(
      "reply.eml",
      "From: a@example.org\nReply-To: a@example.org\nSubject: a\nPrecedence: junk\n\ntext\n");
  const Reply reply = desk.reply(
      "template = reply.eml\nfrom = b@example.org\nreply-to = b@example.org\nsubject = b\n"
      "precedence = none\n");
  EXPECT_EQ(reply.settings.from->addr_spec, "b@example.org");
  EXPECT_EQ(reply.settings.reply_to->addr_spec, "b@example.org");
  EXPECT_EQ(expanded(reply.texts.front().subject), "b");
  EXPECT_EQ(reply.settings.precedence, "");
}

TEST(ReplyTemplate, AFaultIsNamedByFileAndLine) {
  const Desk desk;
  const std::vector<FaultCase> cases = {
      {"Subject: a\nOrganization: ${nobody}\n\ntext\n",
       "reply.eml:2: unknown placeholder '${nobody}'"},
      {"Subject: a\n b\nFrom: nobody\n\ntext\n", "reply.eml:3: 'From': expected one address"},
      {"Reply-To: a@example.org, b@example.org\n\ntext\n",
       "reply.eml:1: 'Reply-To': expected one address"},
      {"Subject: a\r\n\r\none\r\n\r\n${nobody}\r\n", "reply.eml:5: unknown placeholder"},
      {"\none\n${nobody}\n", "reply.eml:3: unknown placeholder"},
      {"Subject: a\nWe are closed.\n\ntext\n", "reply.eml:2: "},
      {"Subject: a\nno empty line\n", "reply.eml:1: expected header fields, an empty line"},
  };
  for (const auto& [content, fault] : cases) {
    EXPECT_EQ(desk.template_fault(content).substr(0, fault.size()), fault) << content;
  }
}

TEST(ReplyTemplate, APrecedenceIsAWordOfAscii) {
  const Desk desk;
  for (const char* body : {"b\u00FClk", "bu\x01lk"}) {
    const std::string content = "Precedence: " + std::string(body) + "\n\ntext\n";
    EXPECT_EQ(desk.template_fault(content).substr(0, 13), "reply.eml:1: ") << body;
  }
}

}  // namespace
}  // namespace inforeply
