#include "delivery/delivery_check.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace inforeply {
namespace {

const std::string kReply =
    "From: Desk <info@example.org>\nTo: alice@example.net\nSubject: Auto: hours\n"
    "Date: Tue, 14 Nov 2023 22:13:20 +0000\nMessage-ID: <inforeply.1@example.org>\n"
    "Auto-Submitted: auto-replied\nPrecedence: bulk\nMIME-Version: 1.0\n"
    "Content-Type: text/plain\n\nHello\n";

constexpr const char* kSignature = "DKIM-Signature: v=1; s=mail; h=from:to:subject:date; d=";

OutgoingReply outgoing(const std::string& message = kReply) {
  return {message, "", "info@example.org", "/usr/sbin/sendmail"};
}

/// A line for each finding, as the program prints them.
std::string text_of(const std::vector<Finding>& findings) {
  std::string text;
  for (const auto& [kind, line] : findings) {
    text += kind == Finding::Kind::kOk ? "ok" : kind == Finding::Kind::kNote ? "note" : "fault";
    text += ": " + line + "\n";
  }
  return text;
}

std::string arrived(const std::string& top, const std::string& reply = kReply) {
  return text_of(check_arrived(parse_message(top + reply), outgoing()));
}

std::string with(std::string text, std::string_view old, std::string_view replacement) {
  const auto place = text.find(old);
  EXPECT_NE(place, std::string::npos) << old;
  return text.replace(place, old.size(), replacement);
}

bool has(const std::string& text, std::string_view piece) {
  return text.find(piece) != std::string::npos;
}

TEST(OutgoingReply, MustComeFromADomainThatOthersFind) {
  for (const char* domain : {"example.org", "mail.example.org", "xn--bcher-kva.example"}) {
    const auto reply = with(kReply, "info@example.org", std::string("info@") + domain);
    EXPECT_TRUE(has(text_of(check_outgoing(outgoing(reply))), "ok: From is info@")) << domain;
  }
  for (const char* domain : {"localhost", "mail", "host.local", "a.b.lan", "home.arpa.invalid",
                             "[192.0.2.1]", "localhost.localdomain"}) {
    const auto reply = with(kReply, "info@example.org", std::string("info@") + domain);
    EXPECT_TRUE(has(text_of(check_outgoing(outgoing(reply))), "fault: From is info@")) << domain;
  }
}

TEST(OutgoingReply, FromADomainThatMailDoesNotComeToIsNoted) {
  auto reply = outgoing();
  for (const char* address : {"info@example.org", "info@mail.example.org"}) {
    reply.responder_address = address;
    EXPECT_FALSE(has(text_of(check_outgoing(reply)), "note: mail comes to")) << address;
  }
  reply.responder_address = "info@example.com";
  EXPECT_TRUE(
      has(text_of(check_outgoing(reply)), "note: mail comes to example.com, the reply is "));
}

TEST(OutgoingReply, WithAnEnvelopeSenderSaysWhereReportsGo) {
  auto reply = outgoing();
  reply.envelope_sender = "bounces@example.org";
  auto text = text_of(check_outgoing(reply));
  EXPECT_TRUE(has(text, "note: the envelope sender is bounces@example.org: "));
  EXPECT_FALSE(has(text, "counts for nothing"));
  EXPECT_FALSE(has(text, "the responder's own address"));
  reply.envelope_sender = "bounces@example.net";
  EXPECT_TRUE(has(text_of(check_outgoing(reply)), "to DMARC it counts for nothing"));
  reply.envelope_sender = "INFO@Example.org";
  EXPECT_TRUE(has(text_of(check_outgoing(reply)), "note: that is the responder's own address"));
}

TEST(OutgoingReply, OfAFormThatServersChangeIsNoted) {
  EXPECT_TRUE(has(text_of(check_outgoing(outgoing(kReply + std::string(998, 'x') + "\n"))),
                  "no line over 998: "));
  EXPECT_TRUE(has(text_of(check_outgoing(outgoing(kReply + std::string(999, 'x') + "\n"))),
                  "fault: a line has 999 octets"));
  EXPECT_TRUE(
      has(text_of(check_outgoing(outgoing(kReply + "\xC3\xBC\n"))), "note: it is not ASCII"));
  std::string large = kReply;
  while (large.size() <= 64UL * 1024UL)
    large += "a line of the reply\n";
  EXPECT_TRUE(has(text_of(check_outgoing(outgoing(large))), "note: it has 65"));
}

TEST(ArrivedReply, IsSignedForFromAsDmarcCountsIt) {
  const struct {
    const char* domain;
    const char* finding;
  } cases[] = {
      {"example.org", "ok: signed as d=example.org (s=mail), From's domain\n"},
      {"EXAMPLE.ORG", "ok: signed as d=example.org (s=mail), From's domain\n"},
      {"mail.example.org", "ok: signed as d=mail.example.org (s=mail), aligned "},
      {"example.net", "fault: it is signed as d=example.net, which DMARC does not count "},
      {"badexample.org", "fault: it is signed as d=badexample.org, "},
      {"org", "fault: it is signed as d=org, "},
      {"", "fault: nobody has signed it (DKIM). "},
      {"$(id).example.org", "fault: nobody has signed it (DKIM). "},
  };
  for (const auto& c : cases) {
    const auto text = arrived(kSignature + std::string(c.domain) + "\n");
    EXPECT_TRUE(has(text, c.finding)) << c.domain << "\n" << text;
  }
}

TEST(ArrivedReply, FromASubdomainMayBeSignedByItsParent) {
  auto reply = outgoing(with(kReply, "info@example.org", "info@sales.example.org"));
  const auto finding = [&](const std::string& domain) {
    return text_of(check_arrived(parse_message(kSignature + domain + "\n" + reply.message), reply));
  };
  EXPECT_TRUE(has(finding("example.org"), "ok: signed as d=example.org (s=mail), aligned "));
  EXPECT_TRUE(has(finding("mail.example.org"), "only if example.org is one organisation's"));
}

TEST(ArrivedReply, WithSeveralSignaturesCountsTheBest) {
  const auto text = arrived(kSignature + std::string("relay.example\n") + kSignature +
                            "example.org\n" + kSignature + "mail.example.org\n");
  EXPECT_TRUE(has(text, "ok: signed as d=example.org (s=mail), From's domain\n"));
  EXPECT_FALSE(has(text, "fault: "));
}

TEST(ArrivedReply, WithASignatureThatLeavesFieldsOut) {
  const auto signed_with = [](const std::string& fields) {
    return arrived("DKIM-Signature: d=example.org; s=mail; h=" + fields + "\n");
  };
  EXPECT_FALSE(has(signed_with("From : To:\n SUBJECT:Date"), "leaves out"));
  EXPECT_TRUE(has(signed_with("from:to"), "note: that signature leaves out Subject, Date "));
  EXPECT_TRUE(has(signed_with("to:subject:date"), "fault: that signature leaves out From "));
}

TEST(ArrivedReply, TellsWhatTheReceiverFound) {
  const auto found = [](const std::string& results) {
    return arrived("Authentication-Results: mx.example.net" + results + "\n" +
                   std::string(kSignature) + "example.org\n");
  };
  EXPECT_TRUE(has(found("; dkim=fail; dkim=pass"), "ok: mx.example.net says dkim=pass\n"));
  EXPECT_TRUE(has(found("; dkim=permerror"), "fault: mx.example.net says dkim=permerror: "));
  EXPECT_TRUE(has(found("; dkim=fail"), "dig +short TXT mail._domainkey.example.org\n"));
  EXPECT_TRUE(has(found("; dkim=temperror"), "note: mx.example.net says dkim=temperror: "));
  EXPECT_TRUE(
      has(found("; spf=softfail"), "note: mx.example.net says spf=softfail: the name in HE"));
  EXPECT_TRUE(has(found("; dmarc=fail (p=none)"), "fault: mx.example.net says dmarc=fail: "));
  EXPECT_TRUE(has(found("; dmarc=none"), "note: mx.example.net says dmarc=none: example.org publ"));
  EXPECT_TRUE(has(found("; dmarc=bestguesspass"), "ok: mx.example.net says dmarc=bestguesspass"));
  EXPECT_FALSE(has(found("; none"), "mx.example.net says"));
  EXPECT_TRUE(has(arrived(""), "note: the receiver has written no Authentication-Results"));
}

TEST(ArrivedReply, CountsNoResultOfARelaysSignature) {
  const auto text = arrived(
      "Authentication-Results: mx.example.net; dkim=fail header.d=example.org;"
      " dkim=pass header.d=relay.net\n" +
      std::string(kSignature) + "example.org\n");
  EXPECT_TRUE(has(text, "fault: mx.example.net says dkim=fail: "));
  EXPECT_FALSE(has(text, "dkim=pass"));
}

TEST(ArrivedReply, TellsWhatAReceiverFoundThatDoesNotNameItself) {
  const auto text = arrived(
      "Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.org;"
      " dkim=none (message not signed) header.d=none;dmarc=fail action=none\n");
  EXPECT_TRUE(has(text, "ok: the receiver says spf=pass\n"));
  EXPECT_TRUE(has(text, "fault: the receiver says dmarc=fail: "));
}

TEST(ArrivedReply, TellsNothingThatServersBeforeTheReceiverFound) {
  const auto text = arrived(
      "Authentication-Results: mx.example.net; dkim=pass\n"
      "Authentication-Results: MX.example.net; spf=pass\n"
      "Authentication-Results: relay.example; dmarc=fail\n"
      "Authentication-Results: mx.example.net; dmarc=fail\n");
  EXPECT_TRUE(has(text, "ok: mx.example.net says dkim=pass\nok: mx.example.net says spf=pass\n"));
  EXPECT_FALSE(has(text, "dmarc=fail"));
}

TEST(ArrivedReply, TellsWhatWasLostOrChanged) {
  EXPECT_TRUE(has(arrived(""), "ok: no field was lost on the way\n"));
  EXPECT_TRUE(has(arrived("", with(kReply, "Auto-Submitted: auto-replied\n", "")),
                  "fault: lost on the way: Auto-Submitted\n"));
  EXPECT_TRUE(has(arrived("", with(kReply, "Precedence: bulk\n", "")),
                  "note: lost on the way: Precedence\n"));
  EXPECT_TRUE(
      has(arrived("", with(kReply, "<inforeply.1@", "<a@")), "note: Message-ID is another"));
  EXPECT_TRUE(has(arrived("", with(kReply, "info@", "relay@")),
                  "fault: From is relay@example.org, and the reply says info@example.org: "));
  EXPECT_TRUE(has(arrived("", with(kReply, "info@example.org", "info@relay.example")),
                  "One must sign as d=example.org"));
  EXPECT_TRUE(has(arrived("", with(kReply, "From: ", "X: ")), "fault: it has no From field\n"));
  EXPECT_TRUE(has(arrived("Return-Path: <b@relay.example>\n"), "arrived with <b@relay.example>: "));
  EXPECT_FALSE(has(arrived("Return-Path: <>\n"), "arrived with"));
}

TEST(ArrivedReply, MustBeOne) {
  EXPECT_EQ(text_of(check_arrived(parse_message("From: a@example.net\n\nHi\n"), outgoing())),
            "fault: this is no reply of inforeply, or not its whole source\n");
}

}  // namespace
}  // namespace inforeply
