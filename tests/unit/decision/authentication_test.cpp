#include "decision/authentication.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "decision/situation.hpp"

namespace inforeply {
namespace {

using test::Situation;
using test::verdict;

const std::vector<std::string> trusted = {"mx.example.org", "Gate.Example.ORG"};

/// The DMARC result that a header with Authentication-Results of these bodies gives, or "none".
std::string result_of(const std::vector<std::string>& bodies) {
  std::string block;
  for (const auto& body : bodies)
    block += "Authentication-Results: " + body + "\n";
  const auto found = find_dmarc_result(parse_header(block), trusted);
  return found ? found->result : "none";
}

TEST(AuthenticationResults, AreReadByTheGrammarOfRfc8601) {
  const struct {
    const char* body;
    const char* result;
  } cases[] = {
      {"mx.example.org; dmarc=fail", "fail"},
      {"mx.example.org; dmarc=pass", "pass"},
      {"mx.example.org 1; dmarc=fail", "fail"},
      {"mx.example.org (Postfix) 1 (v); dmarc=fail (p=reject dis=none)", "fail"},
      {"(c) mx.example.org (c) ; (c) dmarc (c) = (c) fail (c)", "fail"},
      {"\"mx.example.org\"; dmarc=fail", "fail"},
      {"MX.Example.Org; DMARC=FAIL", "fail"},
      {"gate.example.org; dmarc=fail", "fail"},
      {"mx.example.org; dmarc/1 = fail", "fail"},
      {"mx.example.org; dmarc / 1=fail", "fail"},
      {"mx.example.org; spf=pass smtp.mailfrom=a@example.net; dkim=pass header.d=example.net; "
       "dmarc=fail header.from=example.net",
       "fail"},
      {"mx.example.org;\n\tspf=pass;\n\tdmarc=temperror", "temperror"},
      {"mx.example.org; dmarc=fail reason=\"no; dmarc=pass\"", "fail"},
      {"mx.example.org; dkim=fail reason=\"x; dmarc=pass\"; dmarc=fail", "fail"},
      {"mx.example.org; dkim=fail (dmarc=pass; dmarc=pass); dmarc=fail", "fail"},
      {"mx.example.org; dmarc=none", "none"},
      {"mx.example.org; none", "none"},
      {"mx.example.org", "none"},
      {"mx.example.org;", "none"},
      {"mx.example.org; dmarc", "none"},
      {"mx.example.org; spf=fail; dkim=fail", "none"},
      {"mx.example.org; x-dmarc=fail", "none"},
      {"mx.example.org; dkim=pass header.dmarc=fail", "none"},
      {"mx.example.org; \"dmarc\"=fail", "none"},
      {"mx.example.org.evil.example; dmarc=fail", "none"},
      {"mx.example.or; dmarc=fail", "none"},
      {"example.org; dmarc=fail", "none"},
      {"; dmarc=fail", "none"},
      {"dmarc=fail", "none"},
      {"", "none"},
      {"(mx.example.org; dmarc=fail", "none"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(result_of({c.body}), c.result) << c.body;
  }
}

TEST(AuthenticationResults, OfTheTrustedSystemsOnTopCount) {
  EXPECT_EQ(result_of({"mx.example.org; spf=pass", "gate.example.org; dkim=pass",
                       "mx.example.org; dmarc=fail"}),
            "fail");
  EXPECT_EQ(result_of({"mx.example.org; dmarc=pass", "mx.example.org; dmarc=fail"}), "pass");
  EXPECT_EQ(result_of({"mx.example.org; dmarc=fail", "mx.example.org; dmarc=pass"}), "fail");
  EXPECT_EQ(result_of({"mx.example.org; dmarc=fail; dmarc=pass"}), "fail");
}

TEST(AuthenticationResults, AreOfTheFirstSectionsSystemAlone) {
  EXPECT_EQ(result_of({"\"\"; mx.example.org; dmarc=fail"}), "none");
  EXPECT_TRUE(parse_authentication_results("").results.empty());
}

TEST(AuthenticationResults, WithoutASystemAreNobodysButRead) {
  EXPECT_EQ(result_of({"spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x; dmarc=fail"}), "none");
  const auto found =
      parse_authentication_results("spf=pass (IP) smtp.mailfrom=x; dkim=none;dmarc=fail");
  EXPECT_EQ(found.authserv_id, "");
  ASSERT_EQ(found.results.size(), 3U);
  EXPECT_EQ(found.results[0].method + found.results[0].result, "spfpass");
  EXPECT_EQ(found.results[2].method + found.results[2].result, "dmarcfail");
}

TEST(AuthenticationResults, NameTheDomainThatSigned) {
  const auto domain = [](const std::string& properties) {
    return parse_authentication_results("mx.example.org; dkim=pass " + properties)
        .results.at(0)
        .dkim_domain;
  };
  EXPECT_EQ(domain("header.i=@mail.example.net\theader.d=Example.net header.s=a"), "example.net");
  EXPECT_EQ(domain("header.i=a@example.net header.s=a"), "example.net");
  EXPECT_EQ(domain("header.s=a header.b=\"x\""), "");
}

TEST(AuthenticationResults, BelowAnothersAreNotBelieved) {
  EXPECT_EQ(result_of({"relay.example; dmarc=pass", "mx.example.org; dmarc=fail"}), "none");
  EXPECT_EQ(result_of({"mx.example.org; spf=pass", "relay.example; spf=pass",
                       "mx.example.org; dmarc=pass", "mx.example.org; dmarc=fail"}),
            "none");
  EXPECT_EQ(result_of({"", "mx.example.org; dmarc=fail"}), "none");
  EXPECT_EQ(result_of({"mx.example.org; dmarc=fail", "relay.example; dmarc=pass"}), "fail");
}

TEST(AuthenticationResults, AreThoseOfTheirOwnFieldInAnyCase) {
  EXPECT_TRUE(find_dmarc_result(
      parse_header("Received: x\nAUTHENTICATION-results : mx.example.org; dmarc=fail\n"), trusted));
  for (const char* name : {"X-Authentication-Results", "ARC-Authentication-Results",
                           "Authentication-Results-Original", "Received-SPF"}) {
    EXPECT_FALSE(find_dmarc_result(
        parse_header(std::string(name) + ": mx.example.org; dmarc=fail\n"), trusted))
        << name;
  }
}

Situation with_results(const std::string& body) {
  Situation situation;
  situation.trusted_authserv = trusted;
  situation.fields.insert(situation.fields.begin(), "Authentication-Results: " + body);
  return situation;
}

TEST(Unauthenticated, IsAMessageThatFailsDmarcAtATrustedSystem) {
  EXPECT_EQ(verdict(with_results("mx.example.org; dmarc=fail")), "unauthenticated");
  for (const char* result : {"pass", "none", "temperror", "permerror", "bestguesspass", "failed"}) {
    EXPECT_EQ(verdict(with_results("mx.example.org; dmarc=" + std::string(result))), "reply")
        << result;
  }
  EXPECT_EQ(verdict(with_results("mx.example.net; dmarc=fail")), "reply");
}

TEST(Unauthenticated, IsNothingWhereNoSystemIsTrusted) {
  Situation situation = with_results("mx.example.org; dmarc=fail");
  situation.trusted_authserv.clear();
  EXPECT_EQ(verdict(situation), "reply");
}

TEST(Unauthenticated, CanBeSwitchedOff) {
  Situation situation = with_results("mx.example.org; dmarc=fail");
  situation.responder.ignored = {Reason::kUnauthenticated};
  EXPECT_EQ(verdict(situation), "reply");
}

TEST(Unauthenticated, ShowsTheFieldThatSaysSo) {
  const auto decision = test::decide_on(with_results("mx.example.org; dmarc=fail"));
  const auto& result = decision.results[static_cast<std::size_t>(Reason::kUnauthenticated)];
  EXPECT_EQ(result.evidence, "Authentication-Results: mx.example.org; dmarc=fail");
}

}  // namespace
}  // namespace inforeply
