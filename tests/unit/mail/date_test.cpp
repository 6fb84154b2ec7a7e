#include "mail/date.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "mail/header.hpp"

namespace inforeply {
namespace {

TEST(MailDate, IsReadInEveryFormOfTheStandard) {
  const std::vector<std::pair<const char*, const char*>> dates = {
      {"Thu, 24 Dec 2026 18:00:00 +0100", "2026-12-24T17:00:00Z"},
      {"24 Dec 2026 18:00 -0530", "2026-12-24T23:30:00Z"},
      {"Thu,  4 Dec 2026 18:00:60 +0000 (UTC)", "2026-12-04T18:01:00Z"},
      {"thu, 24 DEC 2026 18:00:00 gmt", "2026-12-24T18:00:00Z"},
      {"Thu, 24 Dec 26 18:00:00 EST", "2026-12-24T23:00:00Z"},
      {"Fri, 24 Dec 99 18:00:00 PDT", "1999-12-25T01:00:00Z"},
      {"Fri, 24 Dec 126 18:00:00 Z", "2026-12-24T18:00:00Z"},
      {"(a comment) Thu, 24 Dec 2026 (another) 18:00:00", "2026-12-24T18:00:00Z"},
      {"Sat, 29 Feb 2020 00:00:00 +0000", "2020-02-29T00:00:00Z"},
      {"Thu, 24 Dec 2026 18:00:00 XYZ", "2026-12-24T18:00:00Z"}};
  for (const auto& [text, expected] : dates) {
    const auto time = parse_mail_date(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_utc(*time), expected) << text;
  }
}

TEST(MailDate, IsNothingElse) {
  for (const char* text :
       {"", "yesterday", "24 Dec 2026", "32 Dec 2026 18:00:00 +0000", "29 Feb 2021 18:00:00 +0000",
        "24 Foo 2026 18:00:00 +0000", "24 Dec 2026 24:00:00 +0000", "24 Dec 2026 18:60:00 +0000",
        "24 Dec 2026 18:00:00 +010", "24 Dec 2026 18:00:00 +0199", "24 Dec 2 18:00:00 +0000",
        "24 Dec 20260 18:00:00 +0000", "24 Dec 2026 18 +0000", "-1 Dec 2026 18:00:00 +0000"}) {
    EXPECT_FALSE(parse_mail_date(text)) << text;
  }
}

TEST(ReceivedAt, IsTheDateOfTheTopmostReceivedField) {
  const auto at = [](const char* header) { return received_at(parse_header(header)); };
  const auto time =
      at("Return-Path: <a@b>\n"
         "Received: from a (a [192.0.2.1]; x) by b; id 1;\n Thu, 24 Dec 2026 18:00:00 +0100 (CET)\n"
         "Received: from c by a; Wed, 23 Dec 2026 18:00:00 +0100\n\n");
  ASSERT_TRUE(time);
  EXPECT_EQ(format_utc(*time), "2026-12-24T17:00:00Z");
  EXPECT_FALSE(at("Date: Wed, 23 Dec 2026 18:00:00 +0100\n\n"));
  EXPECT_FALSE(at("Received: from c by a\n\n"));
  EXPECT_FALSE(at("Received: from c by a; soon\nReceived: x; 24 Dec 2026 18:00:00 +0100\n\n"));
}

}  // namespace
}  // namespace inforeply
