#include "mail/mailbox.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;
using test::address;
using test::repeated;

/// Display names with their addr-specs.
using Mailboxes = std::vector<std::pair<std::string, std::string>>;

Mailboxes mailboxes_of(std::string_view field_body) {
  Mailboxes result;
  for (const auto& mailbox : parse_mailboxes(field_body)) {
    result.emplace_back(mailbox.display_name, mailbox.addr_spec);
  }
  return result;
}

TEST(Mailboxes, AreReadWithTheirNames) {
  const struct {
    std::string_view body;
    Mailboxes mailboxes;
  } cases[] = {
      {"user@example.org", {{"", "user@example.org"}}},
      {"<user@example.org>", {{"", "user@example.org"}}},
      {"John Doe <user@example.org>", {{"John Doe", "user@example.org"}}},
      {"\"Doe, John\" <user@example.org>", {{"Doe, John", "user@example.org"}}},
      {R"("a \"b\" \\c" <user@example.org>)", {{R"(a "b" \c)", "user@example.org"}}},
      {"John Q. Doe<user@example.org>", {{"John Q. Doe", "user@example.org"}}},
      {"a@example.org, B <b@example.org>", {{"", "a@example.org"}, {"B", "b@example.org"}}},
      {"boss@example.net <user@example.org>", {{"boss@example.net", "user@example.org"}}},
      {"\"boss@example.net\" <user@example.org>", {{"boss@example.net", "user@example.org"}}},
      {R"("a b"@example.org)", {{"", R"("a b"@example.org)"}}},
      {R"(X <"a,b>"@example.org>)", {{"X", R"("a,b>"@example.org)"}}},
      {"user+tag@example.org", {{"", "user+tag@example.org"}}},
      {"-n@example.org", {{"", "-n@example.org"}}},
      {"Postmaster <>", {{"Postmaster", ""}}},
      {"<>", {{"", ""}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.body);
    EXPECT_EQ(mailboxes_of(c.body), c.mailboxes);
  }
}

TEST(Mailboxes, HaveTheirEncodedWordsDecoded) {
  EXPECT_EQ(mailboxes_of("=?utf-8?Q?J=C3=BCrgen?= =?iso-8859-1?Q?_M=FCller?= <u@example.org>"),
            (Mailboxes{{"J\u00FCrgen M\u00FCller", "u@example.org"}}));
  EXPECT_EQ(mailboxes_of("u@example.org (=?koi8-r?B?8NLJ18XU?=)"),
            (Mailboxes{{"\u041F\u0440\u0438\u0432\u0435\u0442", "u@example.org"}}));
  EXPECT_EQ(mailboxes_of("J\xFCrgen <u@example.org>"),
            (Mailboxes{{"J\u00FCrgen", "u@example.org"}}));
  EXPECT_EQ(mailboxes_of("=?utf-8?Q?=61=40b=3E?= <u@example.org>"),
            (Mailboxes{{"a@b>", "u@example.org"}}));
}

TEST(Mailboxes, MayHaveSpecialsInAnEncodedWord) {
  EXPECT_EQ(mailboxes_of("=?utf-8?Q?M=C3=BCller, J. (Bonn)?= <a@x>, b@x"),
            (Mailboxes{{"M\u00FCller, J. (Bonn)", "a@x"}, {"", "b@x"}}));
  // No address can hide in one.
  EXPECT_EQ(mailboxes_of("=?utf-8?Q?, <a@x>,?= <b@x>").at(1).second, "a@x");
}

TEST(Mailboxes, AreFoundWithinGroups) {
  EXPECT_EQ(mailboxes_of("Friends: a@example.org, B <b@example.org>;, c@example.org"),
            (Mailboxes{{"", "a@example.org"}, {"B", "b@example.org"}, {"", "c@example.org"}}));
  EXPECT_EQ(mailboxes_of("\"A: b\": a@example.org;"), (Mailboxes{{"", "a@example.org"}}));
  EXPECT_EQ(mailboxes_of("undisclosed-recipients:;"), Mailboxes{});
  EXPECT_EQ(mailboxes_of("Unclosed: a@example.org"), (Mailboxes{{"", "a@example.org"}}));
}

TEST(Mailboxes, MayBeWrittenInObsoleteSyntax) {
  const struct {
    std::string_view body;
    Mailboxes mailboxes;
  } cases[] = {
      {"user@example.org (John Doe)", {{"John Doe", "user@example.org"}}},
      {"user@example.org (John (Joe) Doe)", {{"John (Joe) Doe", "user@example.org"}}},
      {R"(user@example.org (a \) b))", {{"a ) b", "user@example.org"}}},
      {"user (c) @ (c) example . (c) org", {{"c", "user@example.org"}}},
      {"(c) J (c) D (c) < (c) user (c) @ example.org (c) > (c)", {{"J D", "user@example.org"}}},
      {"<@a.example,@b.example:user@example.org>", {{"", "user@example.org"}}},
      {"X <@a.example , , @b.example : user@example.org>", {{"X", "user@example.org"}}},
      {", ,a@example.org,, ,b@example.org, ,", {{"", "a@example.org"}, {"", "b@example.org"}}},
      {"John \t\r\n Doe \r\n <user\r\n @example.org>", {{"John Doe", "user@example.org"}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.body);
    EXPECT_EQ(mailboxes_of(c.body), c.mailboxes);
  }
}

TEST(Mailboxes, MayHaveAddressLiterals) {
  const struct {
    std::string_view body;
    Mailboxes mailboxes;
  } cases[] = {
      {"u@[192.0.2.1]", {{"", "u@[192.0.2.1]"}}},
      {"<u@[IPv6:2001:db8::1]>", {{"", "u@[IPv6:2001:db8::1]"}}},
      {"u@[IPv6:2001:db8::1]", {{"", "u@[IPv6:2001:db8::1]"}}},
      {"a@example.org, u@[IPv6:::1], X <b@example.org>",
       {{"", "a@example.org"}, {"", "u@[IPv6:::1]"}, {"X", "b@example.org"}}},
      {"<@[IPv6:::1]:user@example.org>", {{"", "user@example.org"}}},
      {"<@a.example:u@[192.0.2.1]>", {{"", "u@[192.0.2.1]"}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.body);
    EXPECT_EQ(mailboxes_of(c.body), c.mailboxes);
  }
}

TEST(Mailboxes, LeaveOutWhatMakesNoSense) {
  for (const auto body :
       {""sv, " \t"sv, ","sv, ";"sv, ":"sv, ">"sv, "(a@example.org)"sv, "((a@example.org"sv,
        "in fo@example.org"sv, "John Doe a@example.org"sv, "X <in fo@example.org>"sv}) {
    SCOPED_TRACE(body);
    EXPECT_EQ(mailboxes_of(body), Mailboxes{});
  }
}

TEST(Mailboxes, MayBeNoAddress) {
  EXPECT_EQ(mailboxes_of("MAILER-DAEMON"), (Mailboxes{{"", "MAILER-DAEMON"}}));
  EXPECT_EQ(mailboxes_of("MAILER-DAEMON (Mail System)"),
            (Mailboxes{{"Mail System", "MAILER-DAEMON"}}));
  EXPECT_EQ(mailboxes_of("Mail System <MAILER-DAEMON>"),
            (Mailboxes{{"Mail System", "MAILER-DAEMON"}}));
  EXPECT_EQ(mailboxes_of("user, a@example.org"), (Mailboxes{{"", "user"}, {"", "a@example.org"}}));
}

TEST(Mailboxes, HideNothingOfWhatStandsInCommentsAndQuotedStrings) {
  EXPECT_EQ(mailboxes_of("\"<evil@example.net>\" <a@example.org>"),
            (Mailboxes{{"<evil@example.net>", "a@example.org"}}));
  EXPECT_EQ(mailboxes_of("a@example.org (<evil@example.net>, evil@example.net)"),
            (Mailboxes{{"<evil@example.net>, evil@example.net", "a@example.org"}}));
}

TEST(Mailboxes, KeepAddressesOfAnyLengthAndShape) {
  const std::string long_address = std::string(300, 'a') + "@example.org";
  EXPECT_EQ(mailboxes_of("X <" + long_address + ">"), (Mailboxes{{"X", long_address}}));
  EXPECT_EQ(mailboxes_of("<user>"), (Mailboxes{{"", "user"}}));
}

TEST(Mailboxes, AreTotalOnBrokenFields) {
  for (const auto body : {"\"unclosed <a@example.org>"sv,
                          "\"unclosed\\"sv,
                          "(unclosed\\"sv,
                          "<a@example.org"sv,
                          "<"sv,
                          "<<a@example.org>>"sv,
                          "<\"a@example.org>"sv,
                          "<(a@example.org>"sv,
                          "<@a.example>"sv,
                          "a@example.org\0b@example.org"sv,
                          "\0"sv,
                          "\xFF\xFE <a\xFF@example.org>"sv,
                          "=?utf-8?Q?"sv,
                          "a@b@c@d"sv,
                          "::::"sv,
                          "<:>"sv,
                          "a@\\"sv,
                          "[a@example.org"sv,
                          "a@[unclosed"sv,
                          "]@["sv}) {
    SCOPED_TRACE(testing::PrintToString(body));
    for (const auto& mailbox : parse_mailboxes(body)) {
      EXPECT_TRUE(is_valid_utf8(mailbox.display_name));
    }
  }
}

TEST(Mailboxes, AreReadInLinearTime) {
  constexpr std::size_t kMany = 200'000;
  EXPECT_EQ(parse_mailboxes(repeated("a@example.org,", kMany)).size(), kMany);
  EXPECT_EQ(parse_mailboxes(repeated("A B <a@example.org>,", kMany)).size(), kMany);
  EXPECT_EQ(parse_mailboxes(repeated("g:a@example.org;", kMany)).size(), kMany);
  for (const auto text :
       {"<"sv, "("sv,  "()"sv, "(a)a "sv,  "\""sv, "\\"sv,  "\"\" "sv, "<>"sv,  ":"sv,   ";"sv,
        "@"sv, "a@"sv, " "sv,  "=?x?q?"sv, "[:"sv, "[a]"sv, "\"["sv,   "\"["sv, "<@:"sv, "(\\"sv}) {
    SCOPED_TRACE(text);
    EXPECT_LE(parse_mailboxes(repeated(text, kMany)).size(), kMany);
  }
  const std::string nested = repeated("(", kMany) + repeated(")", kMany);
  EXPECT_EQ(parse_mailboxes(nested + "a@example.org").size(), 1U);
}

TEST(FindMailbox, AsksInOrderUntilOneIsWanted) {
  std::string asked;
  const auto is_b = [&](const Mailbox& mailbox) {
    asked += mailbox.addr_spec + " ";
    return mailbox.addr_spec == "b@x";
  };
  EXPECT_TRUE(find_mailbox("a@x, G: B <b@x>, c@x; d@x", is_b));
  EXPECT_EQ(asked, "a@x b@x ");
  EXPECT_TRUE(find_mailbox("a@x, b@x", is_b));
  EXPECT_FALSE(find_mailbox("a@x, \"b@x\" <c@x>, d@x (b@x)", is_b));
  EXPECT_FALSE(find_mailbox("", is_b));
}

TEST(OneMailbox, IsNotGuessedAtWhereABracketOrAQuoteIsOpen) {
  for (const char* text :
       {"Info <info@example.org", "Info info@example.org>", "Info <<info@example.org>>",
        "Info <info@example.org> x", "\"Info <info@example.org>", "Info (x <info@example.org>",
        "Info: <info@example.org>"}) {
    EXPECT_NE(find_mailbox_fault(text), "") << text;
    EXPECT_FALSE(parse_one_mailbox(text)) << text;
  }
  for (const char* text : {"info@example.org", "Info <info@example.org>",
                           "\"Info: <x>\" <info@example.org>", "Info (<x) <info@example.org>",
                           "info@example.org (Info)", "<@a.example:info@example.org>"}) {
    EXPECT_EQ(find_mailbox_fault(text), "") << text;
    EXPECT_TRUE(parse_one_mailbox(text)) << text;
  }
}

}  // namespace
}  // namespace inforeply
