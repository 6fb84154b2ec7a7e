#include "mail/header.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "fixtures.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;
using test::repeated;

using Ids = std::vector<std::string>;

/// Every field as "name|body|line".
Ids fields_of(std::string_view block) {
  Ids result;
  for (const auto& field : parse_header(block).fields) {
    result.push_back(field.name + "|" + field.body + "|" + std::to_string(field.line));
  }
  return result;
}

TEST(Header, IsReadFieldByFieldInOrder) {
  EXPECT_EQ(fields_of("From: a@example.org\nTo: b@example.org\nFrom: c@example.org\n"),
            (Ids{"From|a@example.org|1", "To|b@example.org|2", "From|c@example.org|3"}));
  EXPECT_EQ(fields_of(""), Ids{});
  EXPECT_EQ(fields_of("A: no line end"), Ids{"A|no line end|1"});
}

TEST(Header, MeansTheSameWithEitherLineEnd) {
  const Ids expected{"A|1\t2|1", "B|3|3"};
  EXPECT_EQ(fields_of("A: 1\n\t2\nB: 3\n"), expected);
  EXPECT_EQ(fields_of("A: 1\r\n\t2\r\nB: 3\r\n"), expected);
  EXPECT_EQ(fields_of("A: 1\r\n\t2\nB: 3\r\n"), expected);
}

TEST(Header, UnfoldsAndTrimsFieldBodies) {
  EXPECT_EQ(fields_of("Subject:\n  one\n two \n \nX: y"), (Ids{"Subject|one two|1", "X|y|5"}));
  EXPECT_EQ(fields_of("A:\nB: \t \n\t\nC:c"), (Ids{"A||1", "B||2", "C|c|4"}));
}

TEST(Header, TakesFieldsOfObsoleteSyntax) {
  EXPECT_EQ(fields_of("Subject : one\nX \t: two"), (Ids{"Subject|one|1", "X|two|2"}));
}

TEST(Header, KeepsColonsAndOctetsOfTheBody) {
  EXPECT_EQ(fields_of("A: b: c"), Ids{"A|b: c|1"});
  EXPECT_EQ(fields_of("A: b\0c\rd\xFF\x01"sv), Ids{std::string("A|b\0c\rd\xFF\x01|1"sv)});
}

TEST(Header, OfTooManyFieldsKeepsThoseAtBothEnds) {
  const auto block = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 1; i <= count; ++i)
      text += "A: " + std::to_string(i) + "\n";
    return text;
  };
  const Header all = parse_header(block(kMaxFields));
  EXPECT_EQ(all.fields.size(), kMaxFields);
  EXPECT_FALSE(all.has_gap);
  for (const std::size_t count : {kMaxFields + 1, kMaxFields + 999, kMaxFields * 25 + 7}) {
    const Header header = parse_header(block(count) + " folded\n");
    EXPECT_TRUE(header.has_gap);
    ASSERT_LE(header.fields.size(), kMaxFields);
    ASSERT_GE(header.fields.size(), 2000U);
    for (std::size_t i = 0; i < 1000; ++i) {
      EXPECT_EQ(header.fields[i].line, i + 1);
      EXPECT_EQ(header.fields[header.fields.size() - 1 - i].line, count - i);
    }
    EXPECT_EQ(header.fields.back().body, std::to_string(count) + " folded");
  }
}

TEST(Header, SkipsLinesThatAreNoField) {
  EXPECT_EQ(fields_of("A: 1\nno field here\n continuing it\n: no name\n\xFF: no ASCII\nB: 2"),
            (Ids{"A|1|1", "B|2|6"}));
  EXPECT_EQ(fields_of(" continues nothing\nA: 1"), Ids{"A|1|2"});
  EXPECT_EQ(fields_of("two words: 1\n\0: 2\n\x7F: 3"sv), Ids{});
}

TEST(Header, TellsTheFirstLineItSkipped) {
  EXPECT_EQ(parse_header("A: 1\n 2\nB: 3\n").skipped_line, 0U);
  EXPECT_EQ(parse_header("A: 1\nno field\n continuing it\nnor this\n").skipped_line, 2U);
  EXPECT_EQ(parse_header(" continues nothing\nA: 1\n").skipped_line, 1U);
}

TEST(Header, FindsTheFirstFieldInAnyCase) {
  const Header header = parse_header("subject: one\nSUBJECT: two\nEmpty:\n");
  ASSERT_NE(header.find("Subject"), nullptr);
  EXPECT_EQ(*header.find("Subject"), "one");
  ASSERT_NE(header.find("EMPTY"), nullptr);
  EXPECT_EQ(*header.find("EMPTY"), "");
  EXPECT_EQ(header.find("Subjec"), nullptr);
  EXPECT_EQ(header.find(""), nullptr);
}

TEST(Header, IsReadInLinearTime) {
  EXPECT_LE(parse_header(repeated("A:\n", 200'000)).fields.size(), kMaxFields);
  EXPECT_EQ(parse_header("A: x" + repeated("\n x", 200'000)).fields.size(), 1U);
  EXPECT_EQ(parse_header("A: x" + repeated("\n ", 200'000)).fields.size(), 1U);
  EXPECT_EQ(parse_header(std::string(1'000'000, 'A')).fields.size(), 0U);
  EXPECT_EQ(parse_header("A" + std::string(1'000'000, ' ')).fields.size(), 0U);
  EXPECT_EQ(parse_header(std::string(1'000'000, '\n')).fields.size(), 0U);
}

TEST(Comments, AreStrippedOutsideQuotedStrings) {
  constexpr struct {
    std::string_view body, stripped;
  } kCases[] = {
      {"no", "no"},
      {"(c) no (c)", "no"},
      {"a (b (c) d) e", "a   e"},
      {R"(a (\) b) c)", "a   c"},
      {R"(a (\( b) c)", "a   c"},
      {R"_("(kept)" (gone))_", R"_("(kept)")_"},
      {R"_("\"(kept)" (gone))_", R"_("\"(kept)")_"},
      {"(\"not quoted) a", "a"},
      {"a ) b", "a ) b"},
      {"a (unclosed", "a"},
      {"a (un(closed) b", "a"},
      {"a (\\", "a"},
      {"\"unclosed (kept)", "\"unclosed (kept)"},
      {"a\\(b", "a\\"},
      {"", ""},
      {"()", ""},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.body);
    EXPECT_EQ(strip_comments(c.body), c.stripped);
  }
}

TEST(Comments, MayBeNestedToAnyDepth) {
  constexpr std::size_t kDepth = 200'000;
  EXPECT_EQ(strip_comments(repeated("(", kDepth) + repeated(")", kDepth) + "a"), "a");
  EXPECT_EQ(strip_comments("a" + repeated("(", kDepth)), "a");
  EXPECT_EQ(strip_comments(repeated(")", kDepth)).size(), kDepth);
  EXPECT_EQ(strip_comments(repeated("(\\", kDepth)), "");
}

TEST(LeadingToken, StandsBeforeTheParameters) {
  constexpr struct {
    std::string_view body, token;
  } kCases[] = {
      {"no", "no"},
      {"No", "no"},
      {" no ; owner=\"a;b\"", "no"},
      {"(c) no (c); x=y", "no"},
      {"no(c)", "no"},
      {"auto-replied; a=b; c=d", "auto-replied"},
      {"Multipart / Report ; report-type=delivery-status", "multipart/report"},
      {"multipart(c)/(c)report", "multipart/report"},
      {"(no) auto-generated", "auto-generated"},
      {"(unclosed; no", ""},
      {";no", ""},
      {"", ""},
      {"no\0"sv, "no\0"sv},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.body);
    EXPECT_EQ(leading_token(c.body), c.token);
  }
}

TEST(MessageIds, AreReadInOrderWithTheirBrackets) {
  EXPECT_EQ(parse_message_ids("<a@example.org> <b@example.org>\t<c@example.org>"),
            (Ids{"<a@example.org>", "<b@example.org>", "<c@example.org>"}));
  EXPECT_EQ(parse_message_ids("<a@x><b@x>,<c@x>"), (Ids{"<a@x>", "<b@x>", "<c@x>"}));
  EXPECT_EQ(parse_message_ids("Your message of Monday <a@[192.0.2.1]> said"),
            Ids{"<a@[192.0.2.1]>"});
}

TEST(MessageIds, AreLeftOutWhereTheyAreNone) {
  for (const auto body : {""sv,
                          "a@example.org said"sv,
                          "see a@example.org"sv,
                          "a@b@c"sv,
                          "@a"sv,
                          "a@"sv,
                          "\"a\"@b"sv,
                          "(a@b)"sv,
                          "a;b@c"sv,
                          "<>"sv,
                          "<"sv,
                          ">"sv,
                          "<a@example.org"sv,
                          "<a b@example.org>"sv,
                          "<a@exa\tmple.org>"sv,
                          "<a\n@example.org>"sv,
                          "<a\r\nX: y>"sv,
                          "<a\0@example.org>"sv,
                          "<a\x7F@example.org>"sv,
                          "<\u00FC@example.org>"sv}) {
    SCOPED_TRACE(testing::PrintToString(body));
    EXPECT_EQ(parse_message_ids(body), Ids{});
  }
}

TEST(MessageIds, GetTheBracketsThatAProgramHasLeftOut) {
  EXPECT_EQ(parse_message_ids("a@example.org"), Ids{"<a@example.org>"});
  EXPECT_EQ(parse_message_ids("a@x b@x,c@x"), (Ids{"<a@x>", "<b@x>", "<c@x>"}));
  EXPECT_EQ(parse_message_ids("<a@x> b@x <c@x>"), (Ids{"<a@x>", "<b@x>", "<c@x>"}));
  EXPECT_EQ(parse_message_ids("2026:16@[192.0.2.1]"), Ids{"<2026:16@[192.0.2.1]>"});
  EXPECT_EQ(parse_message_ids("a@x (my letter of Monday)"), Ids{"<a@x>"});
  // In a sentence it is somebody's address.
  EXPECT_EQ(parse_message_ids("Message from a@x of Monday <b@x>"), Ids{"<b@x>"});
}

TEST(MessageIds, AreFoundByTheirBeginningHoweverTheyStand) {
  for (const char* body :
       {"<mark.a@x>", "mark.a@x", "< mark.a@x >", "<mark.a@x", "mark.a@x>", "mark.a@x;",
        "\"mark.a@x\"", "my <b@x> answers mark.a@x", "MARK.a@x", "<b@x>,<mark.a@x>"})
    EXPECT_NE(find_message_id(body, "<mark."), "") << body;
  for (const char* body : {"", "<b@x>", "mark.a", "xmark.a@x", "<b@mark.x>"})
    EXPECT_EQ(find_message_id(body, "<mark."), "") << body;
}

TEST(MessageIds, AreFoundBehindBrokenOnes) {
  EXPECT_EQ(parse_message_ids("< <a@x> <b c@x> <> <d@x"), Ids{"<a@x>"});
  EXPECT_EQ(parse_message_ids("<<a@x>>"), Ids{"<a@x>"});
}

TEST(MessageIds, AreOfBoundedLength) {
  const std::string longest = "<" + std::string(246, 'a') + "@x>";
  ASSERT_EQ(longest.size(), 250U);
  EXPECT_EQ(parse_message_ids(longest), Ids{longest});
  EXPECT_EQ(parse_message_ids("<a" + longest.substr(1) + " <b@x>"), Ids{"<b@x>"});
  EXPECT_EQ(parse_message_ids(longest.substr(1, 248)), Ids{longest});
  EXPECT_EQ(parse_message_ids("a" + longest.substr(1, 248)), Ids{});
}

TEST(MessageIds, AreReadInLinearTime) {
  EXPECT_EQ(parse_message_ids(repeated("<a@x>", 200'000)).size(), 200'000U);
  EXPECT_EQ(parse_message_ids(repeated("<", 200'000)).size(), 0U);
  EXPECT_EQ(parse_message_ids(repeated("<a ", 200'000)).size(), 0U);
  EXPECT_EQ(parse_message_ids("<" + std::string(1'000'000, 'a')).size(), 0U);
  EXPECT_EQ(parse_message_ids(repeated("a@x ", 200'000)).size(), 200'000U);
}

}  // namespace
}  // namespace inforeply
