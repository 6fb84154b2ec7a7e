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

/// Display names with their addr-specs.
using Mailboxes = std::vector<std::pair<std::string, std::string>>;

Mailboxes mailboxes_of(std::string_view field_body) {
  Mailboxes result;
  for (const auto& mailbox : parse_mailboxes(field_body)) {
    result.emplace_back(mailbox.display_name, mailbox.addr_spec);
  }
  return result;
}

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

TEST(CanonicalSender, IsThePersonNotTheSpelling) {
  for (const auto text : {"User@Example.org"sv, "user+tag@example.org"sv, "USER+A+B@EXAMPLE.ORG"sv,
                          R"("user"@example.org)"sv, R"("user+a b"@example.org)"sv}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(canonical_sender(address(text)), "user@example.org");
  }
  EXPECT_EQ(canonical_sender(address("\u00DC+x@M\u00DCNCHEN.example")),
            "\u00FC@xn--mnchen-3ya.example");
  EXPECT_EQ(canonical_sender(address("+tag@example.org")), "+tag@example.org");
}

TEST(CanonicalSender, KeepsPersonsApart) {
  for (const auto text : {"user2@example.org"sv, "user@example.net"sv, "user@sub.example.org"sv,
                          "us.er@example.org"sv, "user-tag@example.org"sv}) {
    EXPECT_NE(canonical_sender(address(text)), "user@example.org");
  }
}

TEST(CanonicalSender, UndoesTagsAndRewriting) {
  for (const auto text :
       {"prvs=1234abcdef=user@example.org"sv, "btv1==0123456789a==user@example.org"sv,
        "SRS0=HHH=TT=example.org=user@forwarder.example"sv,
        "SRS1=HHH=first.example==HHH=TT=example.org=user@second.example"sv,
        "srs0+HHH=TT=Example.org=User+tag@forwarder.example"sv,
        "SRS1-HHH=first.example=+HHH=TT=example.org=user@second.example"sv,
        "SRS0=HHH=TT=example.org=prvs=1234abcdef=user@forwarder.example"sv}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(canonical_sender(address(text)), "user@example.org");
  }
}

TEST(CanonicalSender, KeepsWhatOnlyLooksRewritten) {
  for (const auto text :
       {"prvs=user@example.org"sv, "prvs=tag=@example.org"sv, "btv1=tag=user@example.org"sv,
        "srs0user@example.org"sv, "srs0=hhh=tt=example.org@forwarder.example"sv,
        "srs0=hhh=tt=no_domain!=user@forwarder.example"sv, "srs1=hhh=first@second.example"sv,
        "a=b=c@example.org"sv}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(canonical_sender(address(text)), text);
  }
}

TEST(PersonBehind, KeepsTheSpellingAndTheExtension) {
  EXPECT_EQ(person_behind(address("SRS0=HHH=TT=Example.org=User+tag@fwd.example")).to_string(),
            "User+tag@Example.org");
  EXPECT_EQ(person_behind(address("User+tag@Example.org")).to_string(), "User+tag@Example.org");
}

TEST(PersonBehind, IsWhomForwardersAndTagsHide) {
  constexpr struct {
    std::string_view sender, person;
  } kCases[] = {
      // SRS, with each of its separators, in any case
      {"SRS0=HHH=TT=example.org=user@fwd.example", "user@example.org"},
      {"SRS0+HHH=TT=example.org=user@fwd.example", "user@example.org"},
      {"SRS0-HHH=TT=example.org=user@fwd.example", "user@example.org"},
      {"sRs0=hhh=tt=Example.Org=User.Name@fwd.example", "User.Name@Example.Org"},
      {"SRS0=HHH=TT=example.org=a=b@fwd.example", "a=b@example.org"},
      {"SRS0=HHH=TT=example.org=user+tag@fwd.example", "user+tag@example.org"},
      {"SRS0=H/+H=TT=example.org=user@fwd.example", "user@example.org"},
      {"\"SRS0=HHH=TT=example.org=a b\"@fwd.example", "\"a b\"@example.org"},
      {"SRS0=HHH=TT=b\u00FCcher.example=user@fwd.example", "user@b\u00FCcher.example"},
      {"SRS1=HHH=first.example==HHH=TT=example.org=user@second.example", "user@example.org"},
      {"SRS1=HHH=first.example=+HHH=TT=example.org=user@second.example", "user@example.org"},
      {"SRS1=HHH=first.example=-HHH=TT=example.org=user@second.example", "user@example.org"},
      {"srs1+HHH=first.example==HHH=TT=example.org=user@second.example", "user@example.org"},
      {"SRS1-HHH=first.example==HHH=TT=example.org=a=b@second.example", "a=b@example.org"},
      // Exchange Online
      {"bob+SRS=hash=ts=fabrikam.com=john.doe@contoso.com", "john.doe@fabrikam.com"},
      {"bounces+SRS=hash=ts=fabrikam.com=john.doe@contoso.com", "john.doe@fabrikam.com"},
      {"Bob+srs=hash=ts=fabrikam.com=john@contoso.com", "john@fabrikam.com"},
      // BATV
      {"prvs=1234abcdef=user@example.org", "user@example.org"},
      {"PRVS=1234ABCDEF=User+tag@example.org", "User+tag@example.org"},
      {"prvs=user/1234abcdef@example.org", "user@example.org"},
      {"prvs=user=1234abcdef@example.org", "user@example.org"},
      {"prvs=1234abcdef=5678abcdef@example.org", "5678abcdef@example.org"},
      {"prvs=012345678=user@example.org", "user@example.org"},
      {"btv1==0123456789a==user@example.org", "user@example.org"},
      {"btv1==0123456789a==user==x@example.org", "user==x@example.org"},
      {"msprvs1=17890abcdefg=user@example.org", "user@example.org"},
      // Gmail
      {"user+caf_=target=example.org@gmail.com", "user@gmail.com"},
      {"us.er+caf_=a=b=example.org@gmail.com", "us.er@gmail.com"},
      // one in the other
      {"SRS0=HHH=TT=example.org=prvs=1234abcdef=user@fwd.example", "user@example.org"},
      {"prvs=1234abcdef=SRS0=HHH=TT=example.org=user@fwd.example", "user@example.org"},
      {"SRS0=HHH=TT=first.example=SRS0=HHH=TT=example.org=user@fwd.example", "user@example.org"},
      {"SRS0=HHH=TT=gmail.com=user+caf_=target=example.org@fwd.example", "user@gmail.com"},
      {"box+SRS=hash=ts=first.example=SRS0=HHH=TT=example.org=user@contoso.com",
       "user@example.org"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.sender);
    EXPECT_EQ(person_behind(address(c.sender)).to_string(), c.person);
  }
}

TEST(PersonBehind, IsTheSenderWhereNothingIsRewritten) {
  for (const auto text : {"user@example.org"sv,
                          "user+tag@example.org"sv,
                          "a=b@example.org"sv,
                          "SRS0@example.org"sv,
                          "srs@example.org"sv,
                          "SRS2=H=T=example.net=user@example.org"sv,
                          "SRS0.H=T=example.net=user@example.org"sv,
                          "SRS0=H=T@example.org"sv,
                          "SRS0=H=T=example.net@example.org"sv,
                          "SRS0=H=T=example.net=@example.org"sv,
                          "SRS0=H=T==user@example.org"sv,
                          "SRS0=H=T=-.net=user@example.org"sv,
                          R"("SRS0=H=T=[300.0.0.1]=user"@example.org)"sv,
                          "SRS1=H=first@example.org"sv,
                          "SRS1=H=first.example=H=T=example.net=user@example.org"sv,
                          "SRS1=H=first.example==H=T=example.net@example.org"sv,
                          "bob+SRS=@example.org"sv,
                          "bob+SRS=h=t=example.net@example.org"sv,
                          "bob+SRSx=h=t=example.net=u@example.org"sv,
                          "prvs=@example.org"sv,
                          "prvs=user@example.org"sv,
                          "prvs=1234abcdef=@example.org"sv,
                          "xprvs=1234abcdef=user@example.org"sv,
                          "btv1=tag=user@example.org"sv,
                          "btv1==user@example.org"sv,
                          "btv1==tag==@example.org"sv,
                          "msprvs1=user@example.org"sv,
                          "msprvs2=tag=user@example.org"sv,
                          "+caf_=target=example.net@example.org"sv,
                          "user+caf=target=example.net@example.org"sv}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(person_behind(address(text)).to_string(), text);
  }
}

TEST(PersonBehind, IsSoughtThroughABoundedNumberOfRewritings) {
  const auto wrapped = [](int times) {
    return repeated("prvs=1234abcdef=", static_cast<std::size_t>(times)) + "user@example.org";
  };
  EXPECT_EQ(person_behind(address(wrapped(4))).to_string(), "user@example.org");
  EXPECT_EQ(person_behind(address(wrapped(6))).to_string(), wrapped(2));
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
