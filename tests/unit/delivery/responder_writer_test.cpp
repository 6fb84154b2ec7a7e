#include "inforeply/responder_writer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "fixtures.hpp"
#include "inforeply/commands.hpp"
#include "inforeply/error.hpp"

namespace inforeply {
namespace {

class ResponderWriterTest : public ::testing::Test {
 protected:
  ResponderWriterTest() {
    settings_.responders = folder_.path(".");
    settings_.cache.url = folder_.path("cache.mdb");
  }

  WriteResult write(const ResponderDraft& draft) {
    return ResponderWriter(settings_, address_).write(draft);
  }

  test::TemporaryFolder folder_;
  Settings settings_ = default_settings();
  Address address_ = *parse_address("kim@example.org");
};

TEST_F(ResponderWriterTest, WritesWhatIsReadAgain) {
  const ResponderDraft draft{
      {{"kind", {"group"}}, {"never-reply-to", {"a@b.example", "@c.example"}}},
      {{"subject", "Away: ${subject} =?utf-8?q?x?="}, {"text", "Hi\r\n"}, {"text.de", "Hallo"}}};
  EXPECT_TRUE(write(draft).faults.empty());
  const auto stored = read_responder(settings_, address_);
  EXPECT_EQ(stored.find("kind"), "group");
  EXPECT_EQ(stored.settings.at(1).values, draft.settings.at(1).values);
  EXPECT_EQ(stored.texts.at("subject"), "Away: ${subject} =?utf-8?q?x?=");
  EXPECT_EQ(stored.texts.at("text"), "Hi\n");
  EXPECT_EQ(stored.texts.at("text.de"), "Hallo");
}

TEST_F(ResponderWriterTest, TellsFaultsByTheNamesOfTheDraftAndWritesNothing) {
  const auto result = write({{{"kind", {"strange"}}}, {{"html", "a\n${x}"}}});
  ASSERT_EQ(result.faults.size(), 2U);
  EXPECT_TRUE(std::string(result.faults[0].what()).starts_with("kind: 'kind = strange'"));
  EXPECT_EQ(std::string(result.faults[1].what()), "html:2: unknown placeholder '${x}'");
  EXPECT_FALSE(result.was_at_fault);
  EXPECT_FALSE(read_responder(settings_, address_).exists);
}

TEST_F(ResponderWriterTest, WritesATemplate) {
  EXPECT_TRUE(write({{}, {{"template", "Subject: Away\n\nBye.\n"}}}).faults.empty());
  EXPECT_EQ(read_responder(settings_, address_).texts.at("template"), "Subject: Away\n\nBye.\n");
}

TEST(Templates, OfALiteralTextSayJustThat) {
  for (const std::string text : {"", "$", "$$", "$5 ${subject} $SUBJECT ${", "Grüße\n"}) {
    EXPECT_EQ(literal_of(template_of(text)), text);
  }
  EXPECT_EQ(literal_of("${subject}"), std::nullopt);
  EXPECT_EQ(literal_of("$SUBJECT"), std::nullopt);
  EXPECT_EQ(literal_of("${unknown}"), std::nullopt);
}

}  // namespace
}  // namespace inforeply
