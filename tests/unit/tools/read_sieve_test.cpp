#include <gtest/gtest.h>

#include "drafts.hpp"

namespace inforeply {
namespace {

using test::contains;
using test::fault_of;
using test::LeftOut;
using test::settings_of;

const std::string kAddress = "kim@ora.com";

Draft read(const std::string& script) {
  LeftOut left_out;
  auto draft = read_sieve(kAddress, {"kim.sieve", script}, left_out.handler());
  EXPECT_TRUE(left_out.lines().empty());
  return draft;
}

std::string refusal(const std::string& script) {
  return fault_of([&] { read(script); });
}

/// The settings of a vacation action within that test.
std::string within(const std::string& test) {
  return settings_of(read("if " + test + " { vacation \"Away.\"; }"));
}

TEST(ReadSieve, TakesAllArgumentsOfTheAction) {
  const auto draft = read(R"(require ["vacation", "vacation-seconds"];
# rule:[Away]
vacation :days 10 :addresses ["kim@ora.com", "kdent@ora.com", "K.Dent@ora.com"]
  :subject "Out for $5" /* not
  long */ :from "Kim Dent <kim@ora.com>" :handle "winter"
  "It costs $10.
See you.";
keep;
)");
  EXPECT_EQ(settings_of(draft),
            "interval = 10d\naddress = kdent@ora.com\naddress = K.Dent@ora.com\n"
            "subject = Out for $$5\nfrom = Kim Dent <kim@ora.com>\nhandle = winter\n");
  EXPECT_EQ(draft.body, "It costs $$10.\nSee you.\n");
  EXPECT_FALSE(draft.is_template);
  EXPECT_TRUE(draft.is_active);
  EXPECT_EQ(draft.address, kAddress);
}

TEST(ReadSieve, UnderstandsTextsAndNumbersInAllForms) {
  EXPECT_EQ(read("vacation text: # here\r\n..dot\n.\n;\n").body, ".dot\n");
  EXPECT_EQ(read("vacation TEXT:\nA \"line\"\\\n\n.\n;").body, "A \"line\"\\\n\n");
  EXPECT_EQ(read(R"(vacation "a \"word\" and \\";)").body, "a \"word\" and \\\n");
  EXPECT_EQ(settings_of(read("vacation :seconds 200K \"x\";")), "interval = 204800s\n");
  EXPECT_EQ(settings_of(read("vacation :days 0 \"x\";")), "interval = 1d\n");
}

TEST(ReadSieve, NamesAnIntervalThatPigeonholeMayMakeLonger) {
  for (const auto& [seconds, value] : {std::pair("0", "0"), {"60", "60s"}, {"86399", "86399s"}}) {
    LeftOut left_out;
    const auto draft =
        read_sieve(kAddress, {"kim.sieve", std::string("vacation :seconds ") + seconds + " \"x\";"},
                   left_out.handler());
    EXPECT_EQ(draft.get("interval"), value);
    ASSERT_EQ(left_out.lines().size(), 1U);
    EXPECT_TRUE(left_out.lines().front().starts_with("kim.sieve:1: ':seconds': Pigeonhole"));
  }
}

TEST(ReadSieve, TakesAddressesOutOfMailboxes) {
  EXPECT_EQ(settings_of(read(R"(vacation :addresses ["Kim Dent <KIM@ora.com>",
                                  "\"Kim <K>\" <kdent@ora.com>", " k@ora.com "] "x";)")),
            "address = kdent@ora.com\naddress = k@ora.com\n");
}

TEST(ReadSieve, TakesDates) {
  EXPECT_EQ(within(R"(allof(currentdate :value "ge" "date" "2026-12-24",
                            currentdate :value "le" "date" "2027-01-02"))"),
            "active-from = 2026-12-24T00:00\nactive-until = 2027-01-02T24:00\n");
  EXPECT_EQ(within(R"(allof(currentdate :value "gt" "date" "2026-12-24",
                            allof(true, currentdate :value "lt" "date" "2027-01-02")))"),
            "active-from = 2026-12-24T24:00\nactive-until = 2027-01-02T00:00\n");
  EXPECT_EQ(within(R"(currentdate :is "date" "2026-12-24")"),
            "active-from = 2026-12-24T00:00\nactive-until = 2026-12-24T24:00\n");
  EXPECT_EQ(within(R"(currentdate :zone "+0130" :value "ge" "date" ["2026-12-24"])"),
            "active-from = 2026-12-24T00:00+01:30\n");
  EXPECT_EQ(within(R"(currentdate :comparator "i;ascii-casemap" :value "ge" "date" "2026-12-24")"),
            "active-from = 2026-12-24T00:00\n");
  EXPECT_EQ(within(R"(currentdate :value "le" "iso8601" "2026-12-24T18:00:00+01:00")"),
            "active-until = 2026-12-24T18:00:00+01:00\n");
}

TEST(ReadSieve, LetsARuleThatIsOffStayOff) {
  const auto draft = read("if false # true\n{\n  vacation \"Away.\";\n}\n");
  EXPECT_FALSE(draft.is_active);
  EXPECT_EQ(draft.body, "Away.\n");
}

TEST(ReadSieve, MakesOfAnEntityATextOrATemplate) {
  const auto plain =
      read("vacation :mime text:\nContent-Type: text/plain; charset=UTF-8\n\nAway for $5.\n.\n;");
  EXPECT_FALSE(plain.is_template);
  EXPECT_EQ(plain.body, "Away for $$5.\n");
  EXPECT_EQ(settings_of(read("vacation :subject \"Away\" :mime text:\nFrom: k@ora.com\n"
                             "Subject: x\n\nHi\n.\n;")),
            "subject = Away\nfrom = k@ora.com\n");
  const auto page = read(
      "vacation :subject \"Away\" :mime text:\nContent-Type: text/html\n\n"
      "<p>Away</p>\n.\n;");
  EXPECT_TRUE(page.is_template);
  EXPECT_EQ(page.body, "Content-Type: text/html\n\n<p>Away</p>\n");
  EXPECT_EQ(settings_of(page), "subject = Away\n");
}

TEST(ReadSieve, NamesWhatHasNoCounterpart) {
  LeftOut left_out;
  const auto draft =
      read_sieve(kAddress, {"kim.sieve", "require \"fcc\";\nvacation\n:fcc \"Sent\" \"x\";"},
                 left_out.handler());
  ASSERT_EQ(left_out.lines().size(), 1U);
  EXPECT_TRUE(left_out.lines().front().starts_with("kim.sieve:3: ':fcc'"));
}

TEST(ReadSieve, RefusesAnythingElseWithItsLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"require \"fileinto\";\nfileinto \"x\";\nvacation \"x\";", "kim.sieve:2: 'fileinto'"},
      {"vacation \"x\";\ndiscard;", "kim.sieve:2: 'discard'"},
      {"vacation \"x\";\nvacation \"y\";", "kim.sieve:2: 'vacation'"},
      {"stop;\nvacation \"x\";", "kim.sieve:1: 'stop'"},
      {"if header :contains \"subject\" \"x\" { vacation \"x\"; }", "kim.sieve:1: 'header'"},
      {"if true { vacation \"x\"; }\nelse { keep; }", "kim.sieve:2: 'else'"},
      {"if true { keep; }\nvacation \"x\";", "kim.sieve:1: 'if'"},
      {"vacation \"x\"; if true { keep; }", "kim.sieve:1: 'if'"},
      {"if not currentdate :is \"date\" \"2026-12-24\" { vacation \"x\"; }", "kim.sieve:1: 'not'"},
      {"if currentdate :is \"weekday\" \"0\" { vacation \"x\"; }", "kim.sieve:1: 'currentdate'"},
      {"if currentdate :value \"ne\" \"date\" \"2026-12-24\" { vacation \"x\"; }", "'currentdate'"},
      {"if currentdate :comparator \"i;ascii-numeric\" :value \"ge\" \"date\" \"2026-12-24\" "
       "{ vacation \"x\"; }",
       "'comparator'"},
      {"if currentdate :zone \"00100\" :is \"date\" \"2026-12-24\" { vacation \"x\"; }",
       "'currentdate'"},
      {"if currentdate :zone \"+1\" :is \"date\" \"2026-12-24\" { vacation \"x\"; }",
       "'currentdate'"},
      {"if currentdate :is \"date\" \"soon\" { vacation \"x\"; }", "'soon' is no date"},
      {"vacation :colour \"red\" \"x\";", "'colour'"},
      {"require \"variables\";\nvacation \"${1}\";", "kim.sieve:2: '${'"},
      {"keep;", "has no vacation action"},
      {"", "has no vacation action"},
      {"vacation \"x\"", "expected ';'"},
      {"vacation \"x", "a quote is not closed"},
      {"vacation text:\nx\n", "no line '.'"},
      {"vacation :days 99999999999 \"x\";", "is no number"},
      {"/* x", "a comment is not closed"},
      {"vacation \" \";", "there is no text"},
      {"vacation \"\xFF\";", "not UTF-8"},
      {"vacation :mime \"x\";", "expected header fields"},
  };
  for (const auto& [script, words] : cases) {
    EXPECT_TRUE(contains(refusal(script), words)) << script << "\n" << refusal(script);
  }
  std::string deep = "vacation \"x\";";
  for (int i = 0; i < 1000; ++i)
    deep = "if true {" + deep + "}";
  EXPECT_TRUE(contains(refusal(deep), "'if'"));
}

}  // namespace
}  // namespace inforeply
