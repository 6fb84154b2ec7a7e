#include "mail/language.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fixtures.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;
using test::repeated;

using Strings = std::vector<std::string>;

Strings wanted_by(const std::string& fields) {
  return wanted_languages(parse_header(fields));
}

TEST(LanguageTag, IsAChainOfSubtags) {
  for (const auto text : {"de"sv, "DE-at"sv, "zh-Hant-TW"sv, "es-419"sv, "de-1996"sv, "sl-rozaj"sv,
                          "en-a-bbb-x-c"sv, "abcdefgh-12345678"sv}) {
    EXPECT_TRUE(is_language_tag(text)) << text;
  }
  for (const auto text :
       {""sv, "d"sv, "*"sv, "de-"sv, "-de"sv, "de--at"sv, "de_AT"sv, "d1"sv, "419"sv, "x-private"sv,
        "abcdefghi"sv, "de-123456789"sv, "de "sv, "de-*"sv, "d\u00E9"sv, "de\0"sv, "de/.."sv}) {
    EXPECT_FALSE(is_language_tag(text)) << testing::PrintToString(text);
  }
}

TEST(LanguageTag, HasAtMost64Octets) {
  EXPECT_TRUE(is_language_tag("de" + repeated("-a", 31)));
  EXPECT_FALSE(is_language_tag("de" + repeated("-a", 31) + "b"));
}

TEST(WantedLanguages, AreThoseOfAcceptLanguageByTheirQuality) {
  EXPECT_EQ(wanted_by("Accept-Language: de"), Strings{"de"});
  EXPECT_EQ(wanted_by("accept-language: de-AT, EN"), (Strings{"de-at", "en"}));
  EXPECT_EQ(wanted_by("Accept-Language: en;q=0.5, fr;q=0.75, de, it;q=0.751"),
            (Strings{"de", "it", "fr", "en"}));
  EXPECT_EQ(wanted_by("Accept-Language: a1, fr;q=0.8, en ; Q = 0.8 , nl;q=1.000, de;q=1."),
            (Strings{"nl", "de", "fr", "en"}));
  EXPECT_EQ(wanted_by("Accept-Language: *;q=0.5, de"), (Strings{"de", "*"}));
  EXPECT_EQ(wanted_by("Accept-Language: en;q=0.1\nAccept-Language: de"), (Strings{"de", "en"}));
  EXPECT_EQ(wanted_by("Accept-Language: (c) de (fr, it), (c)en(c);(c)q=0.5"),
            (Strings{"de", "en"}));
}

TEST(WantedLanguages, KeepTheirOrderWhereTheirQualityIsTheSame) {
  Strings expected{"en"};
  std::string body;
  for (char c = 'a'; c < 'a' + 19; ++c) {
    expected.push_back(std::string(2, c));
    body += expected.back() + ";q=0.5, ";
  }
  EXPECT_EQ(wanted_by("Accept-Language: " + body + "en"), expected);
}

TEST(WantedLanguages, LeaveOutWhatIsRefusedOrNonsense) {
  EXPECT_EQ(wanted_by("Accept-Language: de;q=0, en;q=0.000, fr;q=0.001"), Strings{"fr"});
  EXPECT_EQ(
      wanted_by("Accept-Language: de;q=2, de;q=1.001, de;q=-1, de;q=, de;q, de;q=x, de;q=0,5, "
                "de;q=0.1234, de;q=01, de;q=.5, de;q=1e0, de;q=0.5x, fr"),
      Strings{"fr"});
  EXPECT_EQ(wanted_by("Accept-Language: ,, e, de_DE, \"it\", <en>, d\u00E9, -, ;q=1, fr;x=y"),
            Strings{"fr"});
}

TEST(WantedLanguages, AreThoseOfContentLanguageWhereNothingElseIsSaid) {
  EXPECT_EQ(wanted_by("Content-Language: de-AT (Austria), en"), (Strings{"de-at", "en"}));
  EXPECT_EQ(wanted_by("Accept-Language:\nContent-Language: de"), Strings{"de"});
  EXPECT_EQ(wanted_by("Accept-Language: (c)\nContent-Language: de"), Strings{"de"});
  EXPECT_EQ(wanted_by("Content-Language: de\nAccept-Language: en"), Strings{"en"});
  EXPECT_EQ(wanted_by("Accept-Language: de;q=0\nContent-Language: de"), Strings{});
  EXPECT_EQ(wanted_by("Subject: de"), Strings{});
  EXPECT_EQ(wanted_by(""), Strings{});
}

TEST(WantedLanguages, AreTheBestTwentyOfAnyNumber) {
  const std::string many = "Accept-Language: " + repeated("de;q=0.5,", 200'000) + "en";
  Strings expected(kMaxWantedLanguages, "de");
  expected.front() = "en";
  EXPECT_EQ(wanted_by(many), expected);
  EXPECT_EQ(wanted_by("Accept-Language: de" + repeated("-a", 200'000)), Strings{});
  EXPECT_EQ(wanted_by("Accept-Language: de" + repeated(";q", 200'000)), Strings{});
}

TEST(Language, IsTheFirstWantedThatIsAvailable) {
  const struct {
    Strings wanted, available;
    std::optional<std::size_t> index;
  } cases[] = {
      {{"de"}, {"en", "de"}, 1},
      {{"fr", "de", "en"}, {"en", "de"}, 1},
      {{"DE-at"}, {"en", "De-AT"}, 1},
      {{"fr"}, {"en", "de"}, {}},
      {{}, {"en"}, {}},
      {{"en"}, {}, {}},
      {{"de"}, {"den", "d"}, {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(testing::PrintToString(c.wanted));
    EXPECT_EQ(find_language(c.wanted, c.available), c.index);
  }
}

TEST(Language, IsLookedUpByCuttingTheRangeFromItsEnd) {
  EXPECT_EQ(find_language({"de-at"}, {"en", "de"}), 1U);
  EXPECT_EQ(find_language({"zh-hant-tw"}, {"zh", "zh-Hant"}), 1U);
  EXPECT_EQ(find_language({"de-at", "en"}, {"en", "de"}), 1U);
  EXPECT_EQ(find_language({"de-at"}, {"de", "de-AT"}), 1U);
  EXPECT_EQ(find_language({"zh-hant-cn-x-a1-b2"}, {"zh", "zh-hant-cn-x", "zh-hant-cn-x-a1"}), 2U);
  EXPECT_EQ(find_language({"zh-hant-cn-x-a1"}, {"zh", "zh-hant-cn-x"}), 0U);
  EXPECT_EQ(find_language({"deu-at"}, {"de"}), std::nullopt);
}

TEST(Language, MayBeASpecialCaseOfTheRange) {
  EXPECT_EQ(find_language({"pt"}, {"en", "pt-BR", "pt-PT"}), 1U);
  EXPECT_EQ(find_language({"PT"}, {"pt-br"}), 0U);
  EXPECT_EQ(find_language({"pt"}, {"pt-br", "pt"}), 1U);
  EXPECT_EQ(find_language({"zh-hant"}, {"zh-hant-tw", "zh"}), 1U);
  EXPECT_EQ(find_language({"pt"}, {"ptx-br"}), std::nullopt);
  EXPECT_EQ(find_language({"pt-pt"}, {"pt-br"}), std::nullopt);
}

TEST(Language, IsNotChosenByAWildcard) {
  EXPECT_EQ(find_language({"*"}, {"en", "*"}), std::nullopt);
  EXPECT_EQ(find_language({"*", "de"}, {"en", "de"}), 1U);
}

}  // namespace
}  // namespace inforeply
