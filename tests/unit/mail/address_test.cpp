#include "inforeply/address.hpp"

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

TEST(Address, IsALocalPartAtADomain) {
  constexpr struct {
    std::string_view text, local_part, domain;
  } kCases[] = {
      {"user@example.org", "user", "example.org"},
      {"User@Example.ORG", "User", "Example.ORG"},
      {"root@localhost", "root", "localhost"},
      {"a.b.c@example.org", "a.b.c", "example.org"},
      {"!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~", "example.org"},
      {"u@1.2.3.4", "u", "1.2.3.4"},
      {"u@a-b.example", "u", "a-b.example"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto parsed = parse_address(c.text);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->local_part, c.local_part);
    EXPECT_EQ(parsed->domain, c.domain);
    EXPECT_EQ(parsed->ascii_domain, to_lower_ascii(c.domain));
    EXPECT_EQ(parsed->to_string(), c.text);
  }
}

TEST(Address, KeepsTheExtensionOfTheSender) {
  EXPECT_EQ(address("user+tag@example.org").local_part, "user+tag");
  EXPECT_EQ(address("user+tag@example.org").to_wire(), "user+tag@example.org");
}

TEST(Address, MayLookLikeAnOption) {
  for (const auto text : {"-n@example.org"sv, "--sender=x@example.org"sv, "-@example.org"sv}) {
    EXPECT_EQ(address(text).to_string(), text);
  }
}

TEST(Address, KeepsRewrittenLocalPartsAsTheyAre) {
  for (const auto text :
       {"prvs=1234abcdef=user@example.org"sv, "btv1==0123456789a==user@example.org"sv,
        "SRS0=HHH=TT=example.net=user@example.org"sv,
        "SRS1=HHH=b.example==HHH=TT=c.example=u@d.example"sv,
        "bounces+user=example.net@example.org"sv, "user#example.net@autoreply.example.org"sv}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(address(text).to_wire(), text);
  }
}

TEST(Address, UnquotesTheLocalPartAndQuotesItAgain) {
  constexpr struct {
    std::string_view text, local_part, written;
  } kCases[] = {
      {R"("john doe"@example.org)", "john doe", R"("john doe"@example.org)"},
      {R"("a@b"@example.org)", "a@b", R"("a@b"@example.org)"},
      {R"("a\"b\\c"@example.org)", R"(a"b\c)", R"("a\"b\\c"@example.org)"},
      {R"("..")"
       "@example.org",
       "..", R"(".."@example.org)"},
      {R"("a>b, c"@example.org)", "a>b, c", R"("a>b, c"@example.org)"},
      {R"("plain"@example.org)", "plain", "plain@example.org"},
      {R"("\p\l\a\i\n"@example.org)", "plain", "plain@example.org"},
      {R"("-f"@example.org)", "-f", "-f@example.org"},
      // Such addresses are in use without their quotes.
      {"al..ice@example.org", "al..ice", R"("al..ice"@example.org)"},
      {".alice.@example.org", ".alice.", R"(".alice."@example.org)"},
      {"alice.@example.org", "alice.", R"("alice."@example.org)"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto parsed = parse_address(c.text);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->local_part, c.local_part);
    EXPECT_EQ(parsed->to_string(), c.written);
  }
}

TEST(Address, TakesAddressLiterals) {
  constexpr struct {
    std::string_view text, ascii_domain;
  } kCases[] = {
      {"u@[192.0.2.1]", "[192.0.2.1]"},
      {"u@[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]"},
      {"u@[ipv6:::1]", "[ipv6:::1]"},
      {"u@[IPv6:::ffff:192.0.2.1]", "[ipv6:::ffff:192.0.2.1]"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto parsed = parse_address(c.text);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->to_string(), c.text);
    EXPECT_EQ(parsed->ascii_domain, c.ascii_domain);
  }
}

TEST(Address, IsRefusedWhereItIsNone) {
  for (const auto text : {
           ""sv,
           "@"sv,
           "user"sv,
           "user@"sv,
           "@example.org"sv,
           "MAILER-DAEMON"sv,
           "<user@example.org>"sv,
           " user@example.org"sv,
           "user@example.org "sv,
           "us er@example.org"sv,
           "user@exam ple.org"sv,
           "user@@example.org"sv,
           "user@example.org@example.net"sv,
           "us,er@example.org"sv,
           "us(c)er@example.org"sv,
           "us\\er@example.org"sv,
           "us\"er@example.org"sv,
           "@relay.example:user@example.org"sv,
           "user@.example.org"sv,
           "user@example.org."sv,
           "user@example..org"sv,
           "user@-example.org"sv,
           "user@example-.org"sv,
           "user@exam_ple.org"sv,
           "user@exam/ple.org"sv,
           "user@example.org,other@example.org"sv,
           "user@example.org\n"sv,
           "user\r\nBcc: x@example.org"sv,
           "us\0er@example.org"sv,
           "user@example\0.org"sv,
           "us\x7F"
           "er@example.org"sv,
           "us\ter@example.org"sv,
           "us\xFF"
           "er@example.org"sv,
           "user@ex\xC3"
           "ample.org"sv,
           R"(""@example.org)"sv,
           R"("user@example.org)"sv,
           R"("user\)"sv,
           R"("user\"@example.org)"sv,
           R"("us"er@example.org)"sv,
           R"("us"."er"@example.org)"sv,
           "\"us\ner\"@example.org"sv,
           "\"us\0er\"@example.org"sv,
           "user@[]"sv,
           "user@["sv,
           "user@[192.0.2.1"sv,
           "user@192.0.2.1]"sv,
           "user@[192.0.2.256]"sv,
           "user@[192.0.2]"sv,
           "user@[IPv6:]"sv,
           "user@[IPv6:2001:db8::1::1]"sv,
           "user@[2001:db8::1]"sv,
           "user@[IPv6:192.0.2.1]"sv,
           "user@[192.0.2.1].org"sv,
           "user@\uFF3B127.0.0.1\uFF3D"sv,
           "user@ex\u2028ample.org"sv,
           "us\u0085er@example.org"sv,
           "user@\u00FC..example"sv,
           "user@evil\uFF20example.org"sv,
       }) {
    SCOPED_TRACE(testing::PrintToString(text));
    EXPECT_FALSE(parse_address(text));
  }
}

TEST(Address, IsOfBoundedLength) {
  const std::string domain = "@" + repeated("abcdefghi.", 10) + "org";
  EXPECT_TRUE(parse_address(std::string(254 - domain.size(), 'a') + domain));
  EXPECT_FALSE(parse_address(std::string(255 - domain.size(), 'a') + domain));
  EXPECT_FALSE(parse_address(std::string(300 - domain.size(), 'a') + domain));
  EXPECT_TRUE(parse_address("u@" + std::string(63, 'a') + ".org"));
  EXPECT_FALSE(parse_address("u@" + std::string(64, 'a') + ".org"));
  EXPECT_FALSE(parse_address("u@" + repeated("\u00FC", 100) + ".org"));
}

TEST(Address, KnowsInternationalDomainsByTheirALabels) {
  for (const auto text :
       {"u@m\u00FCnchen.example"sv, "u@M\u00DCNCHEN.Example"sv, "u@mu\u0308nchen.example"sv,
        "u@xn--mnchen-3ya.example"sv, "u@XN--MNCHEN-3YA.EXAMPLE"sv, "u@m\u00FCnchen\u3002example"sv,
        "u@m\u00FCnchen.\uFF45xample"sv}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(address(text).ascii_domain, "xn--mnchen-3ya.example");
    EXPECT_EQ(address(text).to_string(), text);
  }
  // RFC 5891 keeps apart what its predecessor made equal.
  EXPECT_EQ(address("u@stra\u00DFe.example").ascii_domain, "xn--strae-oqa.example");
}

TEST(Address, NeedsSmtpUtf8OnlyForItsLocalPart) {
  EXPECT_EQ(address("u@m\u00FCnchen.example").to_wire(), "u@xn--mnchen-3ya.example");
  EXPECT_EQ(address("\u00FC@m\u00FCnchen.example").to_wire(), "\u00FC@m\u00FCnchen.example");
  EXPECT_EQ(address("\u00FC@Example.org").to_wire(), "\u00FC@Example.org");
  EXPECT_EQ(address("\"a b\"@m\u00FCnchen.example").to_wire(), "\"a b\"@xn--mnchen-3ya.example");
}

TEST(Address, IsComparedInOneForm) {
  constexpr struct {
    std::string_view text, normalized;
  } kCases[] = {
      {"User+Tag@Example.ORG", "user+tag@example.org"},
      {R"("User"@example.org)", "user@example.org"},
      {R"("John Doe"@example.org)", "john doe@example.org"},
      {"M\u00DCLLER@M\u00DCNCHEN.example", "m\u00FCller@xn--mnchen-3ya.example"},
      {"mu\u0308ller@mu\u0308nchen.example", "m\u00FCller@xn--mnchen-3ya.example"},
      {"u@[IPv6:2001:DB8::1]", "u@[ipv6:2001:db8::1]"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(address(c.text).normalized(), c.normalized);
  }
}

TEST(Extension, IsWhatStandsBehindTheFirstDelimiter) {
  constexpr struct {
    std::string_view text, delimiters, without;
  } kCases[] = {
      {"user+tag@example.org", "+", "user@example.org"},
      {"user+a+b@example.org", "+", "user@example.org"},
      {"user+@example.org", "+", "user@example.org"},
      {"user-tag@example.org", "+", "user-tag@example.org"},
      {"user-a+b@example.org", "+-", "user@example.org"},
      {"user+tag@example.org", "", "user+tag@example.org"},
      {"+tag@example.org", "+", "+tag@example.org"},
      {"+a+b@example.org", "+", "+a+b@example.org"},
      {R"("user+a b"@example.org)", "+", "user@example.org"},
      {"user@ex-ample.org", "-", "user@ex-ample.org"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(without_extension(address(c.text), c.delimiters).to_string(), c.without);
  }
}

std::string local_part_of(std::string_view address) {
  return std::string(address.substr(0, address.rfind('@')));
}

TEST(AddressInLocalPart, IsReadInEveryWayThatItIsWritten) {
  constexpr struct {
    std::string_view text, inner;
  } kCases[] = {
      {"user#example.org@autoreply.example", "user@example.org"},
      {"user=example.org@autoreply.example", "user@example.org"},
      {R"("user@example.org"@autoreply.example)", "user@example.org"},
      {"User.Name#Example.Org@autoreply.example", "User.Name@Example.Org"},
      {"user#example.org+tag@autoreply.example", "user@example.org"},
      {"user=example.org+tag@autoreply.example", "user@example.org"},
      {R"("user@example.org+tag"@autoreply.example)", "user@example.org"},
      {"user+tag#example.org@autoreply.example", "user+tag@example.org"},
      {"user+a#example.org+b@autoreply.example", "user+a@example.org"},
      {"a=b#example.org@autoreply.example", "a=b@example.org"},
      {"a#b=example.org@autoreply.example", "a#b@example.org"},
      {"a#b#example.org@autoreply.example", "a#b@example.org"},
      {R"("a b@example.org"@autoreply.example)", R"("a b"@example.org)"},
      {"user#b\u00FCcher.example@autoreply.example", "user@b\u00FCcher.example"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto inner = address_in_local_part(local_part_of(c.text), "+");
    ASSERT_TRUE(inner);
    EXPECT_EQ(inner->to_string(), c.inner);
  }
}

TEST(AddressInLocalPart, IsNoneWhereItMakesNoSense) {
  for (const auto text :
       {"user@autoreply.example"sv, "#example.org@autoreply.example"sv, "user#@autoreply.example"sv,
        "user#+tag@autoreply.example"sv, "user#-.org@autoreply.example"sv,
        "user#exa_mple.org@autoreply.example"sv, "user+tag@autoreply.example"sv,
        "user%example.org@autoreply.example"sv, "user!example.org@autoreply.example"sv,
        "=@autoreply.example"sv, "#=@autoreply.example"sv, R"("@"@autoreply.example)"sv,
        R"("user@ example.org"@autoreply.example)"sv}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(address_in_local_part(local_part_of(text), "+"));
  }
  EXPECT_FALSE(address_in_local_part("user#example.org+tag", ""));
}

}  // namespace
}  // namespace inforeply
