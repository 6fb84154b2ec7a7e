#include "inforeply/marks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/text.hpp"
#include "mark_fields.hpp"
#include "situation.hpp"

namespace inforeply {
namespace {

using test::matching_bodies;
using test::name_of;
using test::other_bodies;
using test::Situation;
using test::verdict;
using test::verdict_with;
using Strings = std::vector<std::string>;

// --- the table of header fields, row by row ---

TEST(HeaderMarks, AreRowsWithAFieldASourceAndTheValuesThatTheyNeed) {
  ASSERT_FALSE(header_marks().empty());
  for (const auto& mark : header_marks()) {
    SCOPED_TRACE(std::string(mark.field) + ": " + std::string(mark.values));
    EXPECT_FALSE(mark.field.empty());
    EXPECT_FALSE(mark.source.empty());
    EXPECT_EQ(mark.values.empty(), mark.matcher == Matcher::kPresent);
    EXPECT_EQ(mark.values, to_lower_ascii(mark.values));
    const auto values = split(mark.values, '|');
    EXPECT_EQ(std::count(mark.values.begin(), mark.values.end(), '|') + (values.empty() ? 0 : 1),
              static_cast<std::ptrdiff_t>(values.size()));
    EXPECT_TRUE(mark.matcher != Matcher::kParameterIs || values.size() == 3);
    EXPECT_TRUE(mark.matcher != Matcher::kNumberAtLeast || parse_number(mark.values));
  }
}

TEST(HeaderMarks, StandInTheOrderOfTheirReasons) {
  EXPECT_TRUE(
      std::is_sorted(header_marks().begin(), header_marks().end(),
                     [](const HeaderMark& a, const HeaderMark& b) { return a.reason < b.reason; }));
}

TEST(HeaderMarks, MatchTheFieldsThatTheyDescribe) {
  for (const auto& mark : header_marks()) {
    for (const auto& body : matching_bodies(mark)) {
      for (const auto& name : {name_of(mark), to_lower_ascii(name_of(mark))}) {
        SCOPED_TRACE(name + ": " + body);
        EXPECT_TRUE(matches(mark, {name, body, 1}));
        EXPECT_TRUE(matches(mark, {name, to_lower_ascii(body), 1}));
        EXPECT_FALSE(matches(mark, {name + "x", body, 1}) && !mark.field.ends_with('*'));
        EXPECT_FALSE(matches(mark, {"X" + name, body, 1}) && !mark.field.starts_with('*'));
      }
    }
  }
}

TEST(HeaderMarks, DoNotMatchWhatIsOnlyNear) {
  for (const auto& mark : header_marks()) {
    for (const auto& body : other_bodies(mark)) {
      SCOPED_TRACE(name_of(mark) + ": " + body);
      EXPECT_FALSE(matches(mark, {name_of(mark), body, 1}));
    }
  }
}

TEST(HeaderMarks, EachDecidesOverAMessageUnlessAnEarlierReasonDoes) {
  for (const auto& mark : header_marks()) {
    for (const auto& body : matching_bodies(mark)) {
      Situation situation;
      const std::string field = name_of(mark) + ": " + body;
      if (mark.scope == Scope::kEnclosed) {
        situation.fields.emplace_back("Content-Type: multipart/mixed; boundary=b");
        situation.body = "--b\nContent-Type: message/rfc822\n\n" + field + "\n\n--b--\n";
      } else {
        situation.fields.push_back(field);
      }
      SCOPED_TRACE(field);
      const auto decision = test::decide_on(situation);
      ASSERT_TRUE(decision.suppressed);
      EXPECT_LE(*decision.suppressed, mark.reason);
    }
  }
}

TEST(HeaderMarks, CountInPartsWhereTheirScopeSaysSo) {
  for (const auto& mark : header_marks()) {
    Situation situation;
    situation.fields.emplace_back("Content-Type: multipart/mixed; boundary=b");
    situation.body = "--b\n" + name_of(mark) + ": " + matching_bodies(mark).front() + "\n\nx\n";
    SCOPED_TRACE(situation.body);
    EXPECT_EQ(verdict(situation) != "reply", mark.scope == Scope::kParts);
  }
}

// --- fields as they come ---

struct FieldCase {
  const char* field;
  const char* verdict;
};

void expect_verdicts(const std::vector<FieldCase>& cases) {
  for (const auto& [field, expected] : cases) {
    EXPECT_EQ(verdict_with(field), expected) << field;
  }
}

// RFC 3834, 5.1: comments and parameters may stand there, in quoted strings too; a token does not.
TEST(HeaderMarks, AutoSubmittedIsNoOrTheMessageIsAutomatic) {
  expect_verdicts(
      {{"Auto-Submitted: no", "reply"},
       {"Auto-Submitted: NO", "reply"},
       {"Auto-Submitted: no; x=y", "reply"},
       {"Auto-Submitted: no (by hand)", "reply"},
       {"Auto-Submitted: (c) no", "reply"},
       {"Auto-Submitted:  no ;owner=\"a;b\"", "reply"},
       {"Auto-Submitted:no", "reply"},
       {"Auto-Submitted:\n\tno", "reply"},
       {"AUTO-SUBMITTED: no", "reply"},
       {"Auto-Submitted : no", "reply"},
       {"Auto-Submitted: auto-replied", "auto-submitted"},
       {"Auto-Submitted: (c) auto-replied", "auto-submitted"},
       {"Auto-Submitted: Auto-Generated ; x=\"no\"", "auto-submitted"},
       {"Auto-Submitted: auto-notified; owner-email=\"a@example.net\"", "auto-submitted"},
       {"Auto-Submitted: noo", "auto-submitted"},
       {"Auto-Submitted: n", "auto-submitted"},
       {"Auto-Submitted:", "auto-submitted"},
       {"Auto-Submitted: \"no\"", "auto-submitted"},
       {"Auto-Submitted: auto-replied (no)", "auto-submitted"},
       {"Auto-Submitted:\n auto-replied", "auto-submitted"},
       {"aUTO-sUBMITTED: auto-replied", "auto-submitted"},
       {"Auto-Submitted \t: auto-replied", "auto-submitted"},
       {"Auto-Submitted: auto-replied\r", "auto-submitted"},
       {"X-Auto-Submitted: auto-replied", "reply"},
       {"Auto-Submitted-X: auto-replied", "reply"}});
}

TEST(HeaderMarks, OneAutoSubmittedFieldAmongSeveralIsEnough) {
  Strings fields = {"Auto-Submitted: auto-replied", "Auto-Submitted: no",
                    "Auto-Submitted: no; a=b"};
  std::sort(fields.begin(), fields.end());
  do {
    Situation situation;
    situation.fields.insert(situation.fields.begin() + 1, fields.begin(), fields.end());
    EXPECT_EQ(verdict(situation), "auto-submitted") << situation.text();
  } while (std::next_permutation(fields.begin(), fields.end()));
}

TEST(HeaderMarks, AFilterCountsOnlyWhereItsVerdictIsBad) {
  expect_verdicts(
      {{"X-Spam-Status: No, score=1 tests=A,YES,B", "reply"},
       {"X-Spam-Status: No, hits=-2.6 required=5.0 tests=BAYES_00,YES autolearn=ham", "reply"},
       {"X-Spam-Status: YES, score=15", "spam"},
       {"X-Spam-Flag: NO", "reply"},
       {"X-Spam-Flag: YES", "spam"},
       {"X-Spam-Level: *****", "reply"},
       {"X-Spam-Score: 12.0", "reply"},
       {"X-Spamd-Result: default: False [1.50 / 15.00];", "reply"},
       {"X-Spamd-Result: default: True [17.50 / 15.00];", "spam"},
       {"X-Rspamd-Action: no action", "reply"},
       {"X-Rspamd-Action: greylist", "reply"},
       {"X-Rspamd-Action: add header", "spam"},
       {"X-Bogosity: Ham, tests=bogofilter, spamicity=0.000000", "reply"},
       {"X-Bogosity: Unsure, tests=bogofilter", "reply"},
       {"X-Bogosity: Spam, tests=bogofilter, spamicity=1.000000", "spam"},
       {"X-Forefront-Antispam-Report: CIP:192.0.2.1;CTRY:DE;SCL:1;SFV:NSPM;CAT:NONE;", "reply"},
       {"X-Forefront-Antispam-Report: CIP:192.0.2.1;CTRY:DE;SCL:5;SFV:SPM;CAT:SPM;", "spam"},
       {"X-Forefront-Antispam-Report: CIP:192.0.2.1;SFV:SKN;CAT:NONE;", "reply"},
       {"X-MS-Exchange-Organization-SCL: -1", "reply"},
       {"X-MS-Exchange-Organization-SCL: 1", "reply"},
       {"X-MS-Exchange-Organization-SCL: 4", "reply"},
       {"X-MS-Exchange-Organization-SCL: 5", "spam"},
       {"X-MS-Exchange-Organization-SCL: 6", "spam"},
       {"X-MS-Exchange-Organization-SCL: 9", "spam"},
       {"X-Amavis-Alert: BAD HEADER SECTION, Duplicate header field: \"Subject\"", "reply"},
       {"X-Amavis-Alert: INFECTED, message contains virus: Eicar", "spam"},
       {"X-Amavis-Alert: BANNED, message contains part: .exe", "spam"},
       {"X-Acme-MailScanner-SpamCheck: not spam, SpamAssassin (score=0.1)", "reply"},
       {"X-Acme-MailScanner-SpamCheck: spam, SpamAssassin (score=9.1)", "spam"},
       {"X-Acme-MailScanner: Found to be clean", "reply"},
       {"X-Acme-MailScanner: Found to be infected", "spam"},
       {"X-Virus-Scanned: amavisd-new at example.org", "reply"},
       {"X-Virus-Scanned: Yes", "reply"},
       {"X-Virus-Status: Clean", "reply"},
       {"X-Virus-Status: Infected (Eicar)", "spam"},
       {"X-DSPAM-Result: Innocent", "reply"},
       {"X-DSPAM-Result: Spam", "spam"},
       {"X-SES-Spam-Verdict: PASS", "reply"},
       {"X-Barracuda-Spam-Status: No, SCORE=0.00", "reply"},
       {"X-Proofpoint-Spam-Details: rule=notspam policy=default score=0", "reply"},
       {"X-Yandex-Spam: 1", "reply"},
       {"X-EsetResult: clean, is OK", "reply"},
       {"X-TM-AS-Result: No--5.6-5.0-31-1", "reply"}});
}

TEST(HeaderMarks, WhatPeoplesOwnProgramsWriteIsNone) {
  expect_verdicts({{"X-Autogenerated: Mirror", "reply"},
                   {"X-Autogenerated: Redirect", "reply"},
                   {"X-Autogenerated: Forward", "reply"},
                   {"X-Autogenerated: Reply", "auto-reply"},
                   {"X-Autoreply: no", "reply"},
                   {"X-Autoreply: yes", "auto-reply"},
                   {"X-Autoreply:", "auto-reply"},
                   {"X-Loop: news@example.net", "reply"},
                   {"X-Loop: yes", "auto-reply"},
                   {"X-Loop: scomp", "report"},
                   {"Feedback-ID: i1234:fastmail", "reply"},
                   {"Feedback-ID: 1234567:user:proton", "reply"},
                   {"Feedback-ID: rr0801:1:2:zohomail", "reply"},
                   {"Feedback-ID: i1234:Fastmail", "reply"},
                   {"Feedback-ID: i1:Fastmail (personal)", "reply"},
                   {"Feedback-ID: :jane@example.net:example.net:flockmailId", "reply"},
                   {"Feedback-ID: 599969:32685:null:purelymail", "reply"},
                   {"Feedback-ID: webmail:qq.com:bgweb:bgweb8", "reply"},
                   {"Feedback-ID: esmtpsz:example.com:qybglogicsvrgz:qybglogicsvrgz8a-1", "reply"},
                   {"Feedback-ID: 1234:campaign:acme", "list"},
                   {"Feedback-ID: 1.eu-west-1.x=:AmazonSES", "list"},
                   {"Feedback-ID: fastmail:acme", "list"},
                   {"Precedence: first-class", "reply"},
                   {"Precedence: special-delivery", "reply"},
                   {"Precedence: Bulk", "precedence"},
                   {"X-Auto-Response-Suppress: DR, RN, NRN", "reply"},
                   {"X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply", "suppress-requested"},
                   {"X-No-Ack: No", "reply"},
                   {"X-List-Administrivia: no", "reply"},
                   {"List-Idx: 7", "reply"},
                   {"Delivered-To: info@example.org", "reply"},
                   {"Delivered-To: Autoresponder", "auto-reply"},
                   {"X-Mailer: Microsoft Outlook 16.0", "reply"},
                   {"X-Mailer: Vacation Planner's friend", "reply"},
                   {"X-Mailer: MailChimp Mailer - **CID1234**", "list"},
                   {"X-Priority: 1", "reply"},
                   {"Disposition-Notification-To: alice@example.net", "reply"},
                   {"Return-Receipt-To: alice@example.net", "reply"},
                   {"Errors-To: alice@example.net", "reply"},
                   {"X-MS-Has-Attach: yes", "reply"},
                   {"X-Originating-IP: [192.0.2.1]", "reply"},
                   {"Importance: high", "reply"},
                   {"X-Original-Message-ID: <inforeply.1@example.org>", "loop"},
                   {"X-Original-Message-ID: <1@example.org>", "reply"}});
}

// --- parts ---

/// A message whose innermost part, `depth` multiparts down, has these fields.
Situation nested(const std::string& fields, int depth) {
  Situation situation;
  std::string body = fields + "\n\nx\n";
  for (int level = depth; level > 0; --level) {
    const std::string boundary = "b" + std::to_string(level);
    const std::string delimiter = "--" + boundary + "\n";
    body = "Content-Type: multipart/mixed; boundary=" + boundary + "\n\n" + delimiter +
           "Content-Type: text/plain\n\nsee below\n" + delimiter + body + "--" + boundary + "--\n";
  }
  const auto header_end = body.find("\n\n");
  situation.fields.push_back(body.substr(0, header_end));
  situation.body = body.substr(header_end + 2);
  return situation;
}

TEST(HeaderMarks, WhatAPartIsIsSeenHoweverDeepItLies) {
  const std::vector<FieldCase> cases = {
      {"Content-Type: text/calendar; charset=utf-8; method=REPLY", "auto-reply"},
      {"Content-Type: text/calendar; method=\"reply\"", "auto-reply"},
      {"Content-Type: text/calendar; charset=utf-8; method=REQUEST", "reply"},
      {"Content-Type: text/calendar", "reply"},
      {"Content-Type: text/plain; method=REPLY", "reply"},
      {"Content-Type: application/pkcs7-mime; smime-type=signed-receipt; name=smime.p7m", "report"},
      {"Content-Type: application/x-pkcs7-mime; smime-type=\"Signed-Receipt\"", "report"},
      {"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", "reply"},
      {"Content-Type: message/delivery-status", "report"},
      {"Content-Type: message/disposition-notification", "report"},
      {"Content-Type: multipart/report; report-type=delivery-status", "report"},
      {"Content-Type: message/feedback-report", "report"},
      {"Content-Type: text/rfc822-headers", "reply"},
      {"Auto-Submitted: auto-replied", "reply"},
      {"X-Spam-Flag: YES", "reply"},
      {"List-Id: <news.example.net>", "reply"}};
  for (const auto& [fields, expected] : cases) {
    for (const int depth : {1, 2, 5}) {
      SCOPED_TRACE(std::to_string(depth) + " " + fields);
      EXPECT_EQ(verdict(nested(fields, depth)), expected);
    }
  }
  EXPECT_EQ(verdict_with("Content-Type: text/calendar; method=REPLY"), "auto-reply");
  EXPECT_EQ(verdict_with("Content-Type: text/calendar; method=REQUEST"), "reply");
}

TEST(Rfc3834, R34_ExecutableAttachmentsAreNotAnswered) {
  for (const std::string field :
       {"Content-Disposition: attachment; filename=invoice.exe",
        "Content-Disposition: attachment; filename=\"invoice.pdf.EXE\"",
        "Content-Disposition: attachment; filename=\"a; b.scr\"",
        "Content-Disposition: attachment; filename = \"invoice.e\\xe\" ; size=1",
        "Content-Disposition: attachment; filename=\"invoice.exe \"",
        "Content-Disposition: attachment; filename=\"invoice.exe.\"",
        "Content-Disposition: ATTACHMENT;\n\tFILENAME=invoice.bat",
        "Content-Disposition: inline; (c) filename=(c)invoice.vbs",
        "Content-Disposition: attachment; filename*=utf-8''invoice.exe",
        "Content-Disposition: attachment; filename*=UTF-8'de'Rechnung%2Eexe",
        "Content-Disposition: attachment; filename*0=invo; filename*1=ice.exe",
        "Content-Disposition: attachment; filename*1*=ice%2Eexe; filename*0*=utf-8''invo",
        "Content-Disposition: attachment; filename=\"=?utf-8?Q?Rechnung=2Eexe?=\"",
        "Content-Disposition: attachment; filename=harmless.pdf; filename*=utf-8''virus.exe",
        "Content-Disposition: attachment; filename=virus.exe; filename*=utf-8''harmless.pdf",
        "Content-Disposition: attachment; filename*=utf-8''virus.exe; filename*=utf-8''x.pdf",
        "Content-Disposition: attachment; filename*=utf-8''virus.exe; filename*0=harmless.pdf",
        "Content-Disposition: attachment; filename*=utf-16be''%00.%00e%00x%00e",
        "Content-Disposition: attachment; filename*0=virus.exe; filename*2=.pdf",
        "Content-Disposition: attachment; filename*0=virus; filename*2=.exe",
        "Content-Disposition: attachment; filename*0=\"=?utf-8?Q?virus\"; filename*1=\"=2Eexe?=\"",
        "Content-Type: application/octet-stream; name=invoice.lnk",
        "Content-Type: application/octet-stream; name*=utf-8''invoice.hta",
        "Content-Type: application/pdf; name=\"invoice.pdf      .pif\""}) {
    SCOPED_TRACE(field);
    EXPECT_EQ(verdict(nested(field, 1)), "spam");
    EXPECT_EQ(verdict_with(field), "spam");
  }
  for (const std::string field :
       {"Content-Disposition: attachment; filename=invoice.pdf",
        "Content-Disposition: attachment; filename=exe",
        "Content-Disposition: attachment; filename=invoice.exe.pdf",
        "Content-Disposition: attachment; filename=\"about.exe files.txt\"",
        "Content-Disposition: attachment; filename=\"=?utf-8?Q?=2Eexe?= =?utf-8?Q?=2Epdf?=\"",
        "Content-Disposition: attachment; filename*=utf-8''invoice.exe.pdf",
        "Content-Disposition: attachment; filename*0=invoice.exe; filename*1=.pdf",
        "Content-Disposition: attachment; filename*=%; filename*1=%z",
        "Content-Disposition: attachment; x=\"; filename=invoice.exe\"",
        "Content-Disposition: attachment (filename=invoice.exe)",
        "Content-Disposition: attachment; filename=photo.jpg; x=y.exe",
        "Content-Description: invoice.exe", "Subject: invoice.exe"}) {
    SCOPED_TRACE(field);
    EXPECT_EQ(verdict(nested(field, 1)), "reply");
  }
}

// --- who is no person ---

std::string mark_of(std::string_view local_part, std::string_view domain = "example.net") {
  const auto* mark = find_sender_mark(local_part, domain);
  return mark == nullptr ? "" : std::string(mark->address);
}

TEST(SenderMarks, AreRowsInLowerCaseWithASource) {
  ASSERT_FALSE(sender_marks().empty());
  for (const auto& mark : sender_marks()) {
    SCOPED_TRACE(mark.address);
    EXPECT_FALSE(mark.address.empty());
    EXPECT_EQ(mark.address, to_lower_ascii(mark.address));
    EXPECT_EQ(mark.address.find_first_of("123456789"), std::string_view::npos);
    EXPECT_FALSE(mark.source.empty());
  }
  for (const auto name : system_display_names()) {
    EXPECT_EQ(name, to_lower_ascii(name));
  }
}

TEST(SenderMarks, EachIsFoundByAnAddressMadeOfIt) {
  for (const auto& mark : sender_marks()) {
    std::string text;
    for (const char c : mark.address) {
      if (c == '*') {
        text += "xy";
      } else if (c == '0') {
        text += "4711";
      } else if (c == '~') {
        text += text.empty() ? "shop." : "_2";
      } else {
        text += c;
      }
    }
    const auto at = text.find('@');
    SCOPED_TRACE(text);
    const std::string domain = at == std::string::npos ? "example.net" : text.substr(at + 1);
    EXPECT_NE(mark_of(text.substr(0, at), domain), "");
    EXPECT_TRUE(at != std::string::npos || !mark_of(text, "").empty()) << "as a bare name";
  }
}

const Strings robots = {"MAILER-DAEMON",
                        "mailer-daemon",
                        "Mailer-Daemon",
                        "mail-daemon",
                        "maildaemon",
                        "mail_daemon",
                        "postmaster",
                        "POSTMASTER",
                        "post_master",
                        "list-postmaster",
                        "mailer",
                        "daemon",
                        "nobody",
                        "www-data",
                        "uucp",
                        "no-reply",
                        "noreply",
                        "no_reply",
                        "no.reply",
                        "NoReply",
                        "donotreply",
                        "do-not-reply",
                        "do_not_reply",
                        "DoNotReply",
                        "noreply-foo",
                        "foo-noreply",
                        "foo.no-reply",
                        "noreply2",
                        "noreply.shop",
                        "noreply+123",
                        "orders-noreply-de",
                        "auto-reply",
                        "autoreply",
                        "autoresponder",
                        "nepasrepondre",
                        "nicht-antworten",
                        "bounce",
                        "bounces",
                        "bounces-123",
                        "bounce-123-x",
                        "bounce_77_HTML-1",
                        "bounce+x=y",
                        "bounces+1234-5678-alice=example.org",
                        "bounce-alice=example.org",
                        "double-bounce",
                        "list-bounces",
                        "list-bounce",
                        "list-bounces+alice=example.org",
                        "list-return-123-u=d",
                        "list+bnccaaa",
                        "sentto-123-45-alice=example.org",
                        "owner-list",
                        "list-owner",
                        "list-request",
                        "list-unsubscribe",
                        "listserv",
                        "LISTSERV",
                        "listserv-request",
                        "majordomo",
                        "majordomo-owner",
                        "listproc",
                        "sympa",
                        "notifications",
                        "notification",
                        "github-notifications",
                        "mdaemon",
                        "opendmarc"};

TEST(SenderMarks, KnowRobotsByTheEnvelopeSender) {
  for (const auto& robot : robots) {
    Situation situation;
    situation.sender = robot + "@example.net";
    EXPECT_EQ(verdict(situation), "system-sender") << robot;
  }
}

TEST(SenderMarks, KnowRobotsHoweverTheirAddressWasRewritten) {
  for (const auto& robot : robots) {
    for (const std::string& sender :
         {"SRS0=HHH=TT=example.net=" + robot + "@forwarder.example",
          "srs1+HHH=first.example==HHH=TT=example.net=" + robot + "@second.example",
          "box+SRS=HHH=TT=example.net=" + robot + "@forwarder.example",
          "prvs=1234abcdef=" + robot + "@example.net",
          "btv1==0123456789a==" + robot + "@example.net",
          "SRS0=HHH=TT=example.net=prvs=1234abcdef=" + robot + "@forwarder.example"}) {
      Situation situation;
      situation.sender = sender;
      EXPECT_EQ(verdict(situation), "system-sender") << sender;
    }
  }
}

TEST(SenderMarks, KnowRobotsInFromAndSenderHoweverTheyAreWritten) {
  for (const auto& robot : robots) {
    const std::string spec = robot + "@example.net";
    for (const std::string& body :
         {spec, "<" + spec + ">", "Acme <" + spec + ">", spec + " (Acme)",
          "(c) " + robot + " (c) @ (c) example.net", "Acme: " + spec + ";",
          "=?utf-8?Q?J=C3=BCrgen?= <" + spec + ">", "\"Acme, Inc.\" <" + spec + ">",
          "alice@example.net, Acme <" + spec + ">", "<@relay.example:" + spec + ">",
          "<\"" + robot + "\"@example.net>"}) {
      for (const char* name : {"From: ", "Sender: ", "SENDER : "}) {
        EXPECT_EQ(verdict_with(name + body), "system-sender") << name << body;
      }
    }
  }
}

TEST(SenderMarks, KnowAMailSystemWithoutADomainOrWithABrokenOne) {
  for (const char* body :
       {"<>", "Mail <>", "MAILER-DAEMON", "<MAILER-DAEMON>", "MAILER-DAEMON (Mail System)",
        "Acme <postmaster>", "<Postmaster\\@example.com@xxx.com>", "<postmaster@exa_mple.com>",
        "\"postmaster\"@-", "Postmaster@"}) {
    for (const char* name : {"From: ", "Sender: "}) {
      EXPECT_EQ(verdict_with(std::string(name) + body), "system-sender") << name << body;
    }
  }
  for (const char* body : {"alice", "<alice>", "<alice\\@example.com@xxx.com>",
                           "Postmaster"
                           " <alice@example.net>"}) {
    EXPECT_EQ(verdict_with(std::string("From: ") + body), "reply") << body;
  }
}

TEST(HeaderMarks, KnowTheirValuesHoweverTheyAreFoldedAndCommented) {
  const std::pair<const char*, const char*> kCases[] = {
      {"Message-Type: Delivery\n Report", "report"},
      {"Message-Type: (c) Delivery  Report", "report"},
      {"Resent-Message-ID: (c) <inforeply.1@x>", "loop"},
      {"X-Spamd-Result: default:\n\tTrue [1]", "spam"},
      {"X-Rspamd-Action: add\n\theader", "spam"},
      {"X-MailScanner: Found to be\n\tinfected", "spam"},
      {"X-Loop: postfix admin\n virtual vacation", "auto-reply"},
      {"From: \"Mail Delivery\n\tSystem\" <q@x.org>", "system-sender"}};
  for (const auto& [field, expected] : kCases) {
    EXPECT_EQ(verdict_with(field), expected) << field;
  }
}

TEST(SenderMarks, KnowAMailSystemByItsDisplayName) {
  for (const char* body :
       {"Mail Delivery Subsystem <alice@example.net>",
        "\"Mail Delivery Subsystem\" <alice@example.net>", "MAIL DELIVERY SYSTEM <x@example.net>",
        "alice@example.net (Mail Delivery System)",
        "=?us-ascii?Q?Mail_Delivery_Subsystem?= <x@example.net>",
        "Mail =?us-ascii?Q?Delivery?= System <x@example.net>", "Mailer-Daemon <x@example.net>"}) {
    EXPECT_EQ(verdict_with(std::string("From: ") + body), "system-sender") << body;
  }
  for (const char* body :
       {"Mail Delivery <x@example.net>", "Delivery Service Ltd <x@example.net>",
        "Ask the Mail Delivery Subsystem <x@example.net>", "Daemon Miller <x@example.net>",
        "Mail <x@example.net>", "\"\" <x@example.net>"}) {
    EXPECT_EQ(verdict_with(std::string("From: ") + body), "reply") << body;
  }
}

TEST(SenderMarks, LeaveOutPeopleWhoOnlyLookAlike) {
  for (const std::string person : {"jane+owner",
                                   "jane+request",
                                   "sick-leave",
                                   "rosa-join",
                                   "tax.return.2024",
                                   "my.return.15",
                                   "john.bounce.7",
                                   "nora.reply",
                                   "gino.reply",
                                   "eno-reply",
                                   "reply",
                                   "replyto",
                                   "noreplyman",
                                   "anoreply",
                                   "donot.reply.smith",
                                   "robin.bounce",
                                   "bouncer.club",
                                   "bounce.house",
                                   "bounce-house",
                                   "bouncehouse",
                                   "bouncy",
                                   "rebounce",
                                   "trampoline-bounce-fun",
                                   "owner",
                                   "homeowner",
                                   "owner.miller",
                                   "request",
                                   "request-alice",
                                   "requests",
                                   "quest",
                                   "alice+noreply",
                                   "alice+bounces",
                                   "alice+owner-news",
                                   "post-master",
                                   "postmasters",
                                   "postmaster.general.jim",
                                   "webmaster",
                                   "hostmaster",
                                   "daemonova",
                                   "daemon.smith",
                                   "demon",
                                   "mailer.miller",
                                   "mailers",
                                   "miller-mail",
                                   "list.maria",
                                   "list",
                                   "lists",
                                   "listserver",
                                   "kim.return",
                                   "tax-return",
                                   "return",
                                   "returns",
                                   "many-happy-returns",
                                   "nobody.knows",
                                   "joinery",
                                   "join",
                                   "leave",
                                   "sick.leave",
                                   "confirm",
                                   "subscribe",
                                   "sympathy",
                                   "apache.chief",
                                   "notify.me",
                                   "autoreplyfan",
                                   "automat",
                                   "robot",
                                   "info",
                                   "sales",
                                   "support",
                                   "admin",
                                   "abuse",
                                   "root",
                                   "maria-bncova",
                                   "b-bounce-s",
                                   "uucp.historian",
                                   "scomp"}) {
    SCOPED_TRACE(person);
    Situation situation;
    situation.sender = person + "@example.net";
    EXPECT_EQ(verdict(situation), "reply") << mark_of(person);
    EXPECT_EQ(verdict_with("Sender: " + person + "@example.net"), "reply");
    EXPECT_EQ(verdict_with("Sender: Kim <" + person + "@example.net>"), "reply");
    EXPECT_EQ(mark_of(person, ""), "");
  }
}

TEST(SenderMarks, KnowDomainsThatOnlyReturnMail) {
  for (const char* sender :
       {"x@bounce.example.net", "x@bounces.shop.example.net", "x@eu-west-1.amazonses.com",
        "x@amazonses.com", "SCOMP@aol.net", "sysadmin@mms.vzwpix.com"}) {
    Situation situation;
    situation.sender = sender;
    EXPECT_EQ(verdict(situation), "system-sender") << sender;
  }
  for (const char* sender :
       {"alice@bounce.example", "alice@bounces.net", "alice@bounce-house.example.net",
        "alice@thebounce.example.net", "alice@notamazonses.com", "scomp@example.net",
        "sysadmin@example.net", "alice@hotmail.com"}) {
    Situation situation;
    situation.sender = sender;
    EXPECT_EQ(verdict(situation), "reply") << sender;
  }
}

}  // namespace
}  // namespace inforeply
