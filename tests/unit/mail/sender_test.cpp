#include "inforeply/sender.hpp"

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
      {"user+CAF_=target=example.org@gmail.com", "user@gmail.com"},
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

TEST(Sender, IsBelievedToBeThePersonInItsOwnDomainAlone) {
  const Sender tagged("prvs=1234abcdef=bob@example.net");
  EXPECT_EQ(tagged.believed().to_string(), "bob@example.net");
  const Sender forwarded("SRS0=ab12=XY=example.net=bob@forwarder.example");
  EXPECT_EQ(forwarded.person.to_string(), "bob@example.net");
  EXPECT_EQ(forwarded.believed().to_string(), forwarded.given);
  EXPECT_EQ(forwarded.canonical(), "bob@example.net");
}

TEST(Sender, MayHaveNoAddress) {
  for (const std::string text : {"", "no address", "MAILER-DAEMON"}) {
    EXPECT_EQ(Sender(text).given, text);
    EXPECT_FALSE(Sender(text).address);
  }
}

}  // namespace
}  // namespace inforeply
