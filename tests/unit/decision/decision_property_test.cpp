// What is true of the decision on every message: tried on messages of every reason, and on random
// ones made of the fields and parts that rules look at.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decision/explanation.hpp"
#include "decision/mark_fields.hpp"
#include "decision/situation.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using test::decide_message;
using test::decide_on;
using test::Fields;
using test::Situation;
using test::verdict;
using test::verdict_of;
using Random = std::mt19937;

constexpr int kRandomMessages = 400;

template <typename Container>
const auto& one_of(const Container& choices, Random& random) {
  return choices[std::uniform_int_distribution<std::size_t>(0, choices.size() - 1)(random)];
}

int number_up_to(int most, Random& random) {
  return std::uniform_int_distribution<int>(0, most)(random);
}

/// What the trusted system, and another one, may have found out about the author.
constexpr std::array kResults = {
    "Authentication-Results: mx.example.org; dmarc=fail header.from=example.net",
    "Authentication-Results: mx.example.org 1; spf=fail; dmarc=pass (p=none)",
    "Authentication-Results: mx.example.org; none",
    "Authentication-Results: mx.example.net; dmarc=fail"};

/// Fields of every mark, those that come near, and what else a header has.
const Fields& field_pool() {
  static const Fields kPool = [] {
    Fields fields = {"From: Bob <bob@example.net>",
                     "From: Mail Delivery System <>",
                     "Sender: noreply@example.net",
                     "Sender: Carol (secretary) <carol@example.net>",
                     "To: other@example.org",
                     "To: Staff: a@example.net, info@example.org;",
                     "Cc: \"Doe, J\" <j.doe@example.net>, <@relay.example:info@example.org>",
                     "Resent-To: info+x@example.org",
                     "Reply-To: noreply@example.net",
                     "In-Reply-To: <inforeply.1@example.org>",
                     "In-Reply-To: <2@example.net>",
                     "References: <2@example.net> <inforeply.1@example.org>",
                     "Received: from a by b; Thu, 24 Dec 2026 18:00:00 +0000",
                     "Content-Type: multipart/mixed; boundary=a",
                     "Content-Type: multipart/mixed; x=\"a; b\"; boundary=\"a b\" (comment)",
                     "Content-Type: multipart/mixed; boundary=inner",
                     "Content-Type: multipart/report; report-type=delivery-status; boundary=a",
                     "Content-Type: text/plain; charset=utf-8; format=flowed",
                     "Content-Type: message/rfc822",
                     "MIME-Version: 1.0 (comment)",
                     "no field at all",
                     "X-Long: " + std::string(1000, '('),
                     "X-Octets: \xFF \x01 =?utf-8?Q?a=0D=0Ab?="};
    fields.insert(fields.end(), kResults.begin(), kResults.end());
    for (const auto& mark : header_marks()) {
      for (const auto& bodies : {test::matching_bodies(mark), test::other_bodies(mark)}) {
        for (const auto& body : bodies)
          fields.push_back(test::name_of(mark) + ": " + body);
      }
    }
    return fields;
  }();
  return kPool;
}

/// Bodies whose parts some rule looks at, between the boundaries of the fields above.
const std::vector<std::string>& body_pool() {
  static const std::vector<std::string> kPool = [] {
    std::vector<std::string> bodies = {"Hello\n", "", "--a--\n--a b--\n"};
    for (const auto* part :
         {"Content-Type: message/delivery-status\n\nStatus: 5.1.1\n",
          "Content-Type: message/rfc822\n\nMessage-ID: <inforeply.1@example.org>\n\nx\n",
          "Content-Type: text/rfc822-headers\n\nMessage-ID: <inforeply.1@example.org>\n",
          "Content-Type: text/calendar; method=REPLY\n\nx\n",
          "Content-Disposition: attachment; filename=\"a.exe\"\n\nx\n",
          "Content-Type: text/plain\n\nx\n"}) {
      for (const std::string delimiter : {"--a", "--a b"}) {
        const std::string between = "\n" + delimiter + "\n";
        bodies.push_back("preamble" + between + "\ntext" + between + part + delimiter + "--\n");
        bodies.push_back("--inner--" + between +
                         "Content-Type: multipart/mixed; boundary=inner\n\n--inner\n" + part +
                         "--inner--" + between + "\ntext");
      }
    }
    return bodies;
  }();
  return kPool;
}

/// A letter with some of the fields and one of the bodies.
Situation random_message(Random& random) {
  Situation message;
  for (int i = number_up_to(4, random); i > 0; --i)
    message.fields.push_back(one_of(field_pool(), random));
  if (number_up_to(1, random) == 0) {
    message.fields.emplace_back("Content-Type: multipart/mixed; boundary=\"a b\"");
    message.fields.emplace_back("content-type: multipart/mixed; boundary=a");
  }
  message.body = one_of(body_pool(), random);
  message.responder.kind =
      one_of(std::vector{ResponderKind::kPersonal, ResponderKind::kGroup, ResponderKind::kService},
             random);
  for (int i = 0; i <= static_cast<int>(Reason::kRateLimited); ++i) {
    const auto reason = static_cast<Reason>(i);
    if (is_soft(reason) && number_up_to(2, random) == 0) {
      message.responder.ignored.push_back(reason);
    }
  }
  return message;
}

/// Those that the rules were made for, one a field or sender, and random ones.
std::vector<Situation> messages() {
  std::vector<Situation> all(1);
  for (const auto& field : field_pool())
    all.emplace_back().fields.push_back(field);
  for (const char* upper : kResults) {
    for (const char* lower : kResults) {
      all.emplace_back().fields.emplace_back(upper);
      all.back().fields.emplace_back(lower);
    }
  }
  for (const auto& body : body_pool()) {
    for (const char* type : {"Content-Type: multipart/mixed; boundary=a",
                             "Content-Type: multipart/mixed; boundary=\"a b\""}) {
      all.emplace_back().fields.emplace_back(type);
      all.back().body = body;
    }
  }
  for (const char* sender : {"", "nobody", "info@example.org", "noreply@example.net"})
    all.emplace_back().sender = sender;
  all.emplace_back().fields[1] = "To: Other <other@example.org>";
  all.emplace_back().responder.schedule.from = test::kNow + Seconds{1};
  all.emplace_back().has_responder = false;
  EXPECT_TRUE(all.emplace_back().responder.never_reply_to.add("@.net"));
  EXPECT_TRUE(all.emplace_back().responder.only_reply_to.add("@example.org"));
  Random random(3834);
  for (int i = 0; i < kRandomMessages; ++i)
    all.push_back(random_message(random));
  for (auto& message : all)
    message.trusted_authserv = {"mx.example.org"};
  return all;
}

TEST(DecisionProperty, IsTriedOnMessagesOfEveryReasonThatRestsOnThem) {
  std::vector<std::string> verdicts;
  for (const auto& message : messages())
    verdicts.push_back(verdict(message));
  for (const char* code :
       {"reply", "no-responder", "inactive", "null-sender", "invalid-sender", "own-address", "loop",
        "auto-submitted", "report", "excluded", "system-sender", "list", "precedence",
        "suppress-requested", "auto-reply", "spam", "unauthenticated", "not-addressed"}) {
    EXPECT_GE(std::count(verdicts.begin(), verdicts.end(), code), 1) << code;
  }
}

TEST(DecisionProperty, AddedFieldsNeverUndoAHardHit) {
  Random random(5230);
  for (const auto& base : messages()) {
    const auto suppressed = decide_on(base).suppressed;
    if (!suppressed || is_soft(*suppressed)) continue;
    for (int i = 0; i < 20; ++i) {
      Situation changed = base;
      for (int added = number_up_to(3, random); added >= 0; --added) {
        const auto at = number_up_to(static_cast<int>(changed.fields.size()), random);
        changed.fields.insert(changed.fields.begin() + at, one_of(field_pool(), random));
      }
      const auto still = decide_on(changed).suppressed;
      ASSERT_TRUE(still) << changed.text();
      EXPECT_LE(*still, *suppressed) << changed.text();
      EXPECT_FALSE(is_soft(*still)) << changed.text();
    }
  }
}

bool is_authentication_results(const std::string& field) {
  return starts_with_ignoring_case(field, "Authentication-Results:");
}

/// In any order, but for several Authentication-Results fields: of those the topmost are the
/// recipient's own system's, and what stands below a stranger's is not believed (RFC 8601, 1.2 and
/// 5), so that their order among themselves has to count. It is kept.
void shuffle_fields(Fields& fields, Random& random) {
  Fields results;
  std::copy_if(fields.begin(), fields.end(), std::back_inserter(results),
               is_authentication_results);
  std::shuffle(fields.begin(), fields.end(), random);
  auto next = results.begin();
  for (auto& field : fields) {
    if (is_authentication_results(field)) field = *next++;
  }
}

TEST(DecisionProperty, TheOrderOfTheFieldsNeverChangesTheVerdict) {
  Random random(5322);
  for (const auto& base : messages()) {
    const std::string expected = verdict(base);
    for (int i = 0; i < 10; ++i) {
      Situation changed = base;
      shuffle_fields(changed.fields, random);
      ASSERT_EQ(verdict(changed), expected) << changed.text();
    }
  }
}

std::string with_line_ends(const std::string& text, std::string_view line_end) {
  std::string result;
  for (const char c : text)
    result += c == '\n' ? std::string(line_end) : std::string(1, c);
  return result;
}

TEST(DecisionProperty, TheLineEndsNeverChangeTheVerdict) {
  for (const auto& base : messages()) {
    const std::string expected = verdict(base);
    EXPECT_EQ(verdict_of(decide_message(base, with_line_ends(base.text(), "\r\n"))), expected)
        << base.text();
    EXPECT_EQ(verdict_of(decide_message(base, with_line_ends(base.text(), "\r"))), expected)
        << base.text();
    EXPECT_EQ(verdict_of(decide_message(base, with_line_ends(base.text(), "\r\r\n"))), expected)
        << base.text();
  }
}

/// Each letter of the name in upper or lower case, and of the body, too, where its case is not to
/// count: everywhere but in the boundary of a multipart.
std::string in_odd_case(std::string field, Random& random) {
  const bool has_boundary = field.find("boundary=") != std::string::npos;
  const auto end = has_boundary ? field.find(':') : field.size();
  for (auto& c : std::span(field).first(end)) {
    const bool upper = number_up_to(1, random) == 0;
    const auto octet = static_cast<unsigned char>(c);
    c = static_cast<char>(upper ? std::toupper(octet) : std::tolower(octet));
  }
  return field;
}

TEST(DecisionProperty, TheCaseOfNamesAndValuesNeverChangesTheVerdict) {
  Random random(5321);
  for (const auto& base : messages()) {
    const std::string expected = verdict(base);
    for (int i = 0; i < 5; ++i) {
      Situation changed = base;
      for (auto& field : changed.fields)
        field = in_odd_case(field, random);
      EXPECT_EQ(verdict(changed), expected) << changed.text();
    }
  }
}

/// Folded at some or all of its blanks, also between name and body.
std::string folded(const std::string& field, int one_in, Random& random) {
  std::string result;
  for (const char c : field) {
    if (c == ' ' && number_up_to(one_in - 1, random) == 0) result += '\n';
    result += c;
  }
  return result;
}

TEST(DecisionProperty, FoldingNeverChangesTheVerdict) {
  Random random(2822);
  for (const auto& base : messages()) {
    for (const int one_in : {1, 2, 3}) {
      Situation changed = base;
      for (auto& field : changed.fields) {
        // What has no colon is no field, and its lines may be some.
        if (field.find(':') != std::string::npos) field = folded(field, one_in, random);
      }
      EXPECT_EQ(verdict(changed), verdict(base)) << changed.text();
      EXPECT_EQ(verdict_of(decide_message(changed, with_line_ends(changed.text(), "\r\n"))),
                verdict(base))
          << changed.text();
    }
  }
}

TEST(DecisionProperty, TheSameIsDecidedAgain) {
  for (const auto& base : messages()) {
    const auto first = explain(decide_on(base), "info.conf");
    EXPECT_EQ(explain(decide_on(base), "info.conf"), first);
  }
}

}  // namespace
}  // namespace inforeply
