#include "responder/choice.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fixtures.hpp"
#include "responder/responder_desk.hpp"

namespace inforeply {
namespace {

using test::address;
using test::Desk;

constexpr const char* kSettings =
    "text = text.txt\n"
    "[when insiders]\nsender = @example.org\n"
    "[when prices]\nsubject-contains = price\n"
    "[when all]\nsubject-contains = price\nsubject-contains = hours\n";

Choice choose(const Responder& responder, const std::string& subject, std::string_view sender) {
  return choose_reply(responder, parse_message("Subject: " + subject + "\n\n"),
                      Sender(std::string(sender)), {});
}

std::string name_of_choice(const std::string& subject, std::string_view sender) {
  const Responder responder = Desk().load(kSettings);
  return choose(responder, subject, sender).reply->section;
}

TEST(Choice, TheFirstSectionThatHitsWins) {
  EXPECT_EQ(name_of_choice("price", "a@example.org"), "insiders");
  EXPECT_EQ(name_of_choice("price", "a@example.net"), "prices");
  EXPECT_EQ(name_of_choice("hours", "a@example.net"), "all");
}

TEST(Choice, WithoutASectionThatHitsTheReplyIsTheRespondersOwn) {
  const Responder responder = Desk().load(kSettings);
  const Choice choice = choose(responder, "other", "a@example.net");
  EXPECT_EQ(choice.reply, &responder.reply);
  EXPECT_EQ(choice.sections.size(), 3U);
  const Responder plain = Desk().load("text = text.txt\n");
  EXPECT_EQ(choose(plain, "other", "a@example.net").reply, &plain.reply);
}

TEST(Choice, NoSectionIsAskedBelowTheOneThatHits) {
  const Desk desk;
  desk.write("list", "broken\n");
  const Responder responder =
      desk.load("text = text.txt\n[when a]\nsubject-contains = a\n[when b]\nsender = list\n");
  EXPECT_EQ(choose(responder, "a", "a@example.net").sections.size(), 1U);
  EXPECT_THROW(choose(responder, "b", "a@example.net"), ConfigError);
}

TEST(Choice, IsExplainedSectionBySection) {
  const Responder responder = Desk().load(kSettings);
  EXPECT_EQ(explain(choose(responder, "The price", "a@example.net")),
            "[when insiders]  pass  no sender hits\n"
            "[when prices]    HIT   subject-contains = price\n"
            "The reply is that of [when prices] in " +
                responder.file + ":4.\n");
  EXPECT_EQ(explain(choose(responder, "other", "a@example.net")),
            "[when insiders]  pass  no sender hits\n"
            "[when prices]    pass  no subject-contains hits\n"
            "[when all]       pass  no subject-contains hits\n"
            "No section hits: the reply is the responder's own.\n");
  EXPECT_EQ(explain(choose(Desk().load("text = text.txt\n"), "a", "a@example.net")), "");
  EXPECT_EQ(explain(Choice{}), "") << "of a message that is not answered";
}

}  // namespace
}  // namespace inforeply
