#include "responder/conditions.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/error.hpp"

namespace inforeply {
namespace {

using test::address;
using test::repeated;
using Strings = std::vector<std::string>;

struct Letter {
  std::string subject = "Opening hours";
  std::string body = "Hello\n";
  std::string sender = "alice@example.net";
  std::string fields{};  // more of them
};

ConditionResult evaluate_on(const Conditions& conditions, const Letter& letter) {
  const Message message =
      parse_message("Subject: " + letter.subject + "\n" + letter.fields + "\n" + letter.body);
  const Sender sender(letter.sender);
  ConditionInput input(message, sender, {});
  return evaluate(conditions, input);
}

bool hits(const Conditions& conditions, const Letter& letter) {
  return evaluate_on(conditions, letter).hit;
}

Conditions subject_contains(Strings texts) {
  Conditions conditions;
  conditions.subject_contains = std::move(texts);
  return conditions;
}

Conditions body_contains(Strings texts) {
  Conditions conditions;
  conditions.body_contains = std::move(texts);
  return conditions;
}

Conditions subject_matches(const Strings& patterns) {
  Conditions conditions;
  for (const auto& pattern : patterns)
    conditions.subject_matches.emplace_back(pattern);
  return conditions;
}

Conditions from_sender(const Strings& entries) {
  Conditions conditions;
  for (const auto& entry : entries)
    EXPECT_TRUE(conditions.sender.add(entry)) << entry;
  return conditions;
}

TEST(Conditions, AreEmptyUntilOneIsSet) {
  EXPECT_TRUE(Conditions{}.empty());
  EXPECT_FALSE(subject_contains({"a"}).empty());
  EXPECT_FALSE(body_contains({"a"}).empty());
  EXPECT_FALSE(subject_matches({"a"}).empty());
  EXPECT_FALSE(from_sender({"@example.org"}).empty());
}

TEST(Conditions, ASubjectContainsATextAnywhereAndInAnyCase) {
  const auto conditions = subject_contains({"Price List"});
  for (const char* subject : {"price list", "Your PRICE   LIST, please", "the price\n list",
                              "=?utf-8?Q?Price_?= =?utf-8?B?TGlzdA==?="}) {
    EXPECT_TRUE(hits(conditions, {.subject = subject})) << subject;
  }
  for (const char* subject : {"prices", "pricelist", "price-list", "", "list price"})
    EXPECT_FALSE(hits(conditions, {.subject = subject})) << subject;
}

TEST(Conditions, CaseIsFoldedByUnicodesRules) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"stra\u00DFe", "Hauptstrasse"},
      {"STRASSE", "Hauptstra\u00DFe"},
      {"STRA\u1E9EE", "strasse"},
      {"\u0130stanbul", "i\u0307stanbul"},
      {"\u03A9", "\u03C9"},
      {"\u2126", "\u03A9"},                                            // the sign of the ohm
      {"\u039F\u0394\u039F\u03A3", "\u03BF\u03B4\u03BF\u03C2"},        // a final sigma
      {"price", "\uFF30\uFF32\uFF29\uFF23\uFF25"},                     // full-width
      {"\u30AB\u30BF\u30ED\u30B0", "\uFF76\uFF80\uFF9B\uFF78\uFF9E"},  // half-width katakana
      {"caf\u00E9", "cafe\u0301"},
      {"\u041F\u0420\u0410\u0419\u0421", "\u043F\u0440\u0430\u0439\u0441"},
      {"\uFB01nance", "FINANCE"},
  };
  for (const auto& [wanted, text] : cases) {
    EXPECT_TRUE(hits(subject_contains({wanted}), {.subject = "x " + text + " y"})) << wanted;
    EXPECT_TRUE(hits(body_contains({wanted}),
                     {.body = text + "\n", .fields = "Content-Type: text/plain; charset=utf-8\n"}))
        << wanted;
  }
  EXPECT_FALSE(hits(subject_contains({"cafe"}), {.subject = "caf\u00E9s"}));
}

TEST(Conditions, ABodyContainsATextAlsoAcrossALineBreak) {
  const auto conditions = body_contains({"opening hours"});
  for (const char* body : {"your opening\nhours?\n", "opening \t hours\n", "OPENING\r\n  HOURS\n"})
    EXPECT_TRUE(hits(conditions, {.body = body})) << body;
  EXPECT_TRUE(hits(conditions, {.body = "b3BlbmluZyBob3Vycw==\n",
                                .fields = "Content-Transfer-Encoding: base64\n"}));
  EXPECT_TRUE(hits(conditions, {.body = "opening=20=\nhours\n",
                                .fields = "Content-Transfer-Encoding: quoted-printable\n"}));
  EXPECT_TRUE(hits(body_contains({"\u00FCber uns"}),
                   {.body = "\xFC"
                            "ber\nuns\n",
                    .fields = "Content-Type: text/plain; charset=iso-8859-1\n"}));
  EXPECT_FALSE(hits(conditions, {.body = "opening times\n"}));
  EXPECT_FALSE(hits(conditions, {.subject = "opening hours", .body = "\n"}));
}

TEST(Conditions, ABodyIsWhatTheSenderWroteAndNotAnAttachment) {
  const std::string fields = "Content-Type: multipart/mixed; boundary=b\n";
  const std::string body =
      "--b\n\nwritten\n--b\nContent-Type: text/plain; name=a.txt\n"
      "Content-Disposition: attachment; filename=a.txt\n\nattached\n--b--\n";
  EXPECT_TRUE(hits(body_contains({"written"}), {.body = body, .fields = fields}));
  EXPECT_FALSE(hits(body_contains({"attached"}), {.body = body, .fields = fields}));
}

TEST(Conditions, ASubjectMatchesAnExpressionInAnyCase) {
  EXPECT_TRUE(hits(subject_matches({"^re: .*#\\d+$"}), {.subject = "RE: ticket #12"}));
  EXPECT_FALSE(hits(subject_matches({"^re: .*#\\d+$"}), {.subject = "ticket #12"}));
  EXPECT_TRUE(hits(subject_matches({"hours"}), {}));
  EXPECT_FALSE(hits(subject_matches({"(?-i)HOURS"}), {}));
  EXPECT_TRUE(hits(subject_matches({"^\u00DCber\\s"}), {.subject = "\u00FCber uns"}));
  EXPECT_TRUE(hits(subject_matches({"^.$"}), {.subject = "=?utf-8?Q?=E6=97=A5?="}));
  EXPECT_TRUE(hits(subject_matches({"^$"}), {.subject = ""}));
  EXPECT_TRUE(hits(subject_matches({"one two"}), {.subject = "one\n two"}));
}

TEST(Conditions, OneOfARepeatedSettingIsEnough) {
  EXPECT_TRUE(hits(subject_contains({"none", "hours"}), {}));
  EXPECT_TRUE(hits(body_contains({"none", "hello"}), {}));
  EXPECT_TRUE(hits(subject_matches({"^x", "^o"}), {}));
  EXPECT_TRUE(hits(from_sender({"@example.com", "@example.net"}), {}));
  EXPECT_FALSE(hits(subject_contains({"none", "nothing"}), {}));
}

TEST(Conditions, OfEveryKindThatIsGivenOneMustHit) {
  const auto all = [] {
    Conditions conditions = from_sender({"@example.net"});
    conditions.subject_contains = {"hours"};
    conditions.subject_matches.emplace_back("^opening");
    conditions.body_contains = {"hello"};
    return conditions;
  };
  EXPECT_TRUE(hits(all(), {}));
  EXPECT_EQ(evaluate_on(all(), {}).why,
            "sender = @example.net, subject-contains = hours, subject-matches = ^opening, "
            "body-contains = hello");
  const std::vector<std::pair<Letter, std::string>> misses = {
      {{.sender = "alice@example.com"}, "no sender hits"},
      {{.subject = "opening"}, "no subject-contains hits"},
      {{.subject = "hours"}, "no subject-matches hits"},
      {{.body = "bye\n"}, "no body-contains hits"},
  };
  for (const auto& [letter, why] : misses) {
    const auto result = evaluate_on(all(), letter);
    EXPECT_FALSE(result.hit) << why;
    EXPECT_EQ(result.why, why);
  }
}

TEST(Conditions, ASenderIsAnAddressADomainOrWhatIsBelowIt) {
  const auto conditions =
      from_sender({"alice@example.net", "@example.org", "@.example.com", "@B\u00FCcher.example"});
  for (const char* sender :
       {"ALICE@Example.NET", "alice+tag@example.net", "prvs=1234567890=alice@example.net",
        "bob@example.org", "bob@example.com", "bob@a.b.example.com", "x@xn--bcher-kva.example"}) {
    EXPECT_TRUE(hits(conditions, {.sender = sender})) << sender;
  }
  for (const char* sender : {"bob@example.net", "bob@sub.example.org", "bob@badexample.com",
                             "example.org@example.info"}) {
    EXPECT_FALSE(hits(conditions, {.sender = sender})) << sender;
  }
}

TEST(Conditions, AForwarderDoesNotStandInside) {
  const auto conditions = from_sender({"@example.org", "boss@example.net"});
  for (const char* sender : {"SRS0=HHH=TT=example.org=boss@forwarder.example",
                             "SRS1=HHH=first.example==HHH=TT=example.org=boss@forwarder.example",
                             "SRS0=HHH=TT=example.net=boss@forwarder.example"}) {
    EXPECT_FALSE(hits(conditions, {.sender = sender})) << sender;
  }
  EXPECT_TRUE(hits(conditions, {.sender = "SRS0=HHH=TT=example.net=alice@example.org"}))
      << "the forwarder itself is inside";
}

TEST(Conditions, SendersMayStandInAFile) {
  const test::TemporaryFolder folder;
  static_cast<void>(folder.write("insiders", "# us\n@example.org\nbob@example.net\n"));
  Conditions conditions;
  conditions.sender.add_file({folder.path(), "insiders", "info.conf", 3}, {});
  EXPECT_TRUE(hits(conditions, {.sender = "a@example.org"}));
  EXPECT_TRUE(hits(conditions, {.sender = "bob@example.net"}));
  EXPECT_FALSE(hits(conditions, {.sender = "alice@example.net"}));
  EXPECT_EQ(evaluate_on(conditions, {.sender = "a@example.org"}).why, "sender = insiders");
  static_cast<void>(folder.write("insiders", "nobody\n"));
  EXPECT_THROW(hits(conditions, {}), ConfigError);
}

TEST(Pattern, ABrokenOneIsAnError) {
  for (const char* text :
       {"(", "a**b(", "[z-a]", "\\", "(?P<n>a", "a{1001}", "(?=a)", "\\1", "\xFF"}) {
    const Pattern pattern(text, "info.conf", 7);
    const std::string head = "info.conf:7: 'subject-matches = " + std::string(text) + "': ";
    for (const auto& fault : {test::fault_of([&] { pattern.check(); }),
                              test::fault_of([&] { static_cast<void>(pattern.is_in("a")); })}) {
      EXPECT_EQ(fault.substr(0, head.size()), head);
      EXPECT_GT(fault.size(), head.size());
    }
  }
}

TEST(Pattern, IsCompiledOnlyWhenItIsAsked) {
  Conditions conditions = subject_contains({"price"});
  conditions.subject_matches.emplace_back("(", "info.conf", 7);
  EXPECT_FALSE(hits(conditions, {.subject = "hours"}));
  EXPECT_THROW(hits(conditions, {.subject = "price"}), ConfigError);
}

TEST(Pattern, OrdinaryOnesFitIntoTheirMemory) {
  const std::string longest(kMaxPatternOctets, 'a');
  for (const char* text :
       {"^\\pL{3,20}$", "\\pL+ \\pL+ \\pL+", "^.{1,1000}$", "\\b[\\pL\\pN]{4,12}\\b",
        "(?:invoice|rechnung|facture) *(?:no\\.?|nr\\.?|#)? *[A-Z]{2,4}-?\\d{4,10}",
        longest.c_str()}) {
    EXPECT_EQ(test::fault_of([&] { Pattern(text).check(); }), "no error");
  }
}

TEST(Pattern, EndsInLinearTimeWhateverItIs) {
  const auto start = std::chrono::steady_clock::now();
  const std::string text = repeated("a", 100'000) + "!";
  for (const char* pattern : {"(a+)+$", "^(a|a)*$", "(a|aa)+$", "(.*a){20}$", "^(a?){50}a{50}$",
                              "((a*)*)*b", "(x+x+)+y"}) {
    EXPECT_FALSE(Pattern(pattern).is_in(text)) << pattern;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Pattern, OneTooLargeForItsMemoryIsAnErrorOrEnds) {
  const std::string text = repeated("ab", 50'000);
  for (const char* pattern : {"((a{100}){100}){100}", "(.{1,500}){1,2}z", "[a-z]{1000}$"}) {
    try {
      static_cast<void>(Pattern(pattern).is_in(text));
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kConfiguration) << pattern;
    }
  }
}

Conditions with_subjects(std::vector<std::string> texts) {
  Conditions conditions;
  conditions.subject_contains = std::move(texts);
  return conditions.folded();
}

TEST(ConditionsCover, WhatHitsWhereverTheOthersDo) {
  std::size_t budget = 100;
  const auto price = with_subjects({"Preis", "price"});
  EXPECT_TRUE(price.cover(with_subjects({"PREISLISTE"}), budget));
  EXPECT_TRUE(price.cover(price, budget));
  EXPECT_FALSE(price.cover(with_subjects({"preis", "hours"}), budget));
  EXPECT_FALSE(with_subjects({"preisliste"}).cover(price, budget));
  auto narrower = price;
  narrower.body_contains = {"2026"};
  EXPECT_TRUE(price.cover(narrower, budget));
  EXPECT_FALSE(narrower.cover(price, budget));
}

TEST(ConditionsCover, SendersByTheDomainsAboveThem) {
  const auto covers = [](const char* wide, const char* narrow) {
    std::size_t budget = 100;
    Conditions earlier;
    Conditions later;
    EXPECT_TRUE(earlier.sender.add(wide));
    EXPECT_TRUE(later.sender.add(narrow));
    return earlier.cover(later, budget);
  };
  EXPECT_TRUE(covers("@example.org", "Ann@EXAMPLE.org"));
  EXPECT_TRUE(covers("@.org", "@.example.org"));
  EXPECT_TRUE(covers("@.example.org", "@example.org"));
  EXPECT_FALSE(covers("@example.org", "@.example.org"));
  EXPECT_FALSE(covers("@example.org", "ann@www.example.org"));
  EXPECT_FALSE(covers("ann@example.org", "@example.org"));
  EXPECT_FALSE(covers("@ample.org", "@example.org"));
}

TEST(ConditionsCover, NothingWhereThatTakesTooManyComparisons) {
  const auto texts = with_subjects({"a", "b", "c"});
  std::size_t budget = 9;
  EXPECT_FALSE(texts.cover(texts, budget)) << "9 comparisons, and one for the question";
  budget = 10;
  EXPECT_TRUE(texts.cover(texts, budget));
  EXPECT_EQ(budget, 0U);
  EXPECT_FALSE(Conditions().cover(texts, budget));
}

}  // namespace
}  // namespace inforeply
