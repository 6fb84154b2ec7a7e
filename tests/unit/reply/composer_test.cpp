#include "reply/composer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "reply/reply_reader.hpp"
#include "reply/reply_scene.hpp"

namespace inforeply {
namespace {

using namespace std::string_literals;
using test::address;
using test::decode_text;
using test::kChristmasEve;
using test::NameAndAddress;
using test::read_mailbox;
using test::Received;
using test::Scene;
using test::Strings;
using test::text_template;

Received reply_to_header(const std::string& header) {
  Scene scene;
  scene.header = header;
  return scene.received();
}

std::string subject_of_reply_to(const std::string& subject) {
  return decode_text(reply_to_header("Subject: " + subject + "\n")["Subject"]);
}

NameAndAddress to_of_reply_to(const std::string& header) {
  return read_mailbox(reply_to_header(header)["To"]);
}

TEST(Composer, WritesTheseFieldsEachOnce) {
  Scene scene;
  scene.reply.settings.reply_to = Mailbox{"Desk", "desk@example.org"};
  scene.reply.extra_fields.push_back({"Organization", text_template("For ${sender}")});
  const Received reply = scene.received();
  EXPECT_EQ(reply.names(),
            (Strings{"From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To",
                     "References", "Auto-Submitted", "Precedence", "X-Auto-Response-Suppress",
                     "Organization", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}));
  EXPECT_EQ(reply["X-Auto-Response-Suppress"], "All");
  EXPECT_EQ(reply["Organization"], "For alice@example.net");
  EXPECT_EQ(reply["MIME-Version"], "1.0");
  EXPECT_EQ(reply["Content-Type"], "text/plain; charset=utf-8; format=flowed");
}

TEST(Composer, TheSameRequestGivesTheSameOctets) {
  const Scene scene;
  EXPECT_EQ(scene.compose_text(), scene.compose_text());
}

TEST(Rfc3834, R12_AServiceSaysWhatItIsAndWhoMaintainsIt) {
  Scene scene;
  scene.responder.kind = ResponderKind::kService;
  scene.reply.settings.from = Mailbox{"Opening hours (automatic)", "ellen@example.org"};
  const auto from = read_mailbox(scene.received()["From"]);
  EXPECT_EQ(from.name, "Opening hours (automatic)");
  EXPECT_EQ(from.address, "ellen@example.org");
}

TEST(Rfc3834, R13_TheReplyIsFromTheSetNameAndAddress) {
  Scene scene;
  for (const char* name : {"Desk", "Desk, the \"big\" one\\", "B\u00FCro", "a.b", "", "=?a?b?"}) {
    scene.reply.settings.from = Mailbox{name, "desk@example.org"};
    const auto from = read_mailbox(scene.received()["From"]);
    EXPECT_EQ(from.name, name);
    EXPECT_EQ(from.address, "desk@example.org");
  }
}

TEST(Rfc3834, R14_TheReplyIsFromTheAddressThatTheSenderUsed) {
  Scene scene;
  scene.recipient = address("Info+Hours@B\u00FCcher.example");
  EXPECT_EQ(scene.received()["From"], "Info+Hours@xn--bcher-kva.example");
}

TEST(Rfc3834, R15_NothingInTheReplyIsMadeUpFromTheHost) {
  const Received reply = Scene().received();
  EXPECT_EQ(reply["From"], "info@example.org");
  EXPECT_TRUE(reply["Message-ID"].ends_with("@example.org>"));
}

TEST(Rfc3834, R16_ReplyToStandsOnlyWhereItIsSet) {
  Scene scene;
  EXPECT_FALSE(scene.received().has("Reply-To"));
  scene.reply.settings.reply_to = Mailbox{"Desk", "desk@example.org"};
  EXPECT_EQ(scene.received()["Reply-To"], "Desk <desk@example.org>");
}

TEST(Rfc3834, R17_ToShowsTheOneSenderWithTheNameItGivesItself) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"From: Alice <alice@example.net>", "Alice"},
      {"From: \"Doe, Alice \\\"A\\\"\" <ALICE@Example.Net>", "Doe, Alice \"A\""},
      {"From: alice@example.net (Alice)", "Alice"},
      {"From: =?utf-8?Q?J=C3=BCrgen?= <alice+tag@example.net>", "J\u00FCrgen"},
      {"From: Bob <bob@example.net>, Alice <alice@example.net>", "Alice"},
      {"From: Bob <bob@example.net>\nSender: Alice <alice@example.net>", "Alice"},
      {"From: Bob <bob@example.net>\nResent-From: Alice <alice@example.net>", "Alice"},
      {"From: Bob <bob@example.net>\nReply-To: Alice <alice@example.net>", ""},
      {"From: alice@example.net", ""},
      {"Subject: nobody", ""}};
  for (const auto& [header, name] : cases) {
    const auto to = to_of_reply_to(header + "\n");
    EXPECT_EQ(to.name, name) << header;
    EXPECT_EQ(to.address, "alice@example.net") << header;
  }
}

TEST(Rfc3834, R30_ToIsNeverReplyToFromOrSender) {
  for (const char* name : {"Reply-To", "From", "Sender", "Resent-From", "Return-Path"}) {
    const auto to = to_of_reply_to(std::string(name) + ": Mallory <mallory@example.com>\n");
    EXPECT_EQ(to.name, "") << name;
    EXPECT_EQ(to.address, "alice@example.net") << name;
  }
}

TEST(Composer, ToKeepsTheSpellingOfTheSender) {
  Scene scene;
  scene.sender = Sender("Alice+Tag@B\u00FCcher.example");
  EXPECT_EQ(read_mailbox(scene.received()["To"]).address, "Alice+Tag@xn--bcher-kva.example");
  scene.sender = Sender("\"a \\\"b\"@example.net");
  EXPECT_EQ(read_mailbox(scene.received()["To"]).address, "\"a \\\"b\"@example.net");
}

TEST(Composer, ALongNameIsCutAndTheAddressStaysWhole) {
  for (const std::string& letter : {"a"s, "a "s, "a."s, "\u00E9"s, "\""s}) {
    std::string name;
    for (int i = 0; i < 500; ++i)
      name += letter;
    Scene scene;
    const std::string body = letter == "\"" ? "\"" + std::string(1000, '\\') + "\"" : name;
    scene.header = "From: " + body + " <alice@example.net>\n";
    const auto to = read_mailbox(scene.received()["To"]);
    EXPECT_TRUE(to.name.ends_with("\u2026")) << to.name;
    EXPECT_LE(to.name.size(), 3U * kMaxSubjectCharacters);
    EXPECT_EQ(to.address, "alice@example.net");
  }
}

TEST(Rfc3834, R18_DateIsWhenTheReplyIsComposed) {
  Scene scene;
  scene.header += "Date: Mon, 01 Jan 2024 00:00:00 +0900\n";
  EXPECT_EQ(scene.received()["Date"], "Thu, 24 Dec 2026 18:00:00 +0000");
}

TEST(Rfc3834, R19_TheSubjectSaysThatItIsAutomaticAndShowsTheMessagesOwn) {
  EXPECT_EQ(subject_of_reply_to("Opening hours"), "Auto: Opening hours");
  EXPECT_EQ(subject_of_reply_to("=?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?B?4oKs?="),
            "Auto: Gr\u00FC\u00DFe\u20AC");
  EXPECT_EQ(subject_of_reply_to("raw \xC3\xA9 and\n folded"), "Auto: raw \u00E9 and folded");
  EXPECT_EQ(decode_text(reply_to_header("To: info@example.org\n")["Subject"]), "Auto:");
}

TEST(Composer, ASubjectIsCutAt256CharactersAndNeverInsideOne) {
  const std::string family = "\U0001F468\u200D\U0001F469\u200D\U0001F467";  // five code points
  for (const std::string& unit : {"x"s, "\u00E9"s, "\u65E5"s, "e\u0301"s, family}) {
    std::string subject;
    for (int i = 0; i < 300; ++i)
      subject += unit;
    std::string cut = subject_of_reply_to(subject);
    EXPECT_LE(std::count_if(cut.begin(), cut.end(),
                            [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }),
              static_cast<long>(kMaxSubjectCharacters));
    ASSERT_TRUE(cut.starts_with("Auto: ") && cut.ends_with("\u2026")) << cut;
    cut = cut.substr(6, cut.size() - 9);
    EXPECT_GT(cut.size(), 200U);
    EXPECT_EQ(cut.size() % unit.size(), 0U) << "cut inside " << unit;
  }
  const std::string whole(kMaxSubjectCharacters - 6, 'x');
  EXPECT_EQ(subject_of_reply_to(whole), "Auto: " + whole);
}

TEST(Composer, ASubjectOf2000JapaneseCharactersIsCutToo) {
  const std::string subject = test::repeated("\u65E5\u672C\u8A9E", 700);
  const std::string expected =
      "Auto: " + subject.substr(0, 3 * (kMaxSubjectCharacters - 7)) + "\u2026";
  EXPECT_EQ(subject_of_reply_to(subject), expected);
  Scene scene;
  scene.reply.texts.front().subject = text_template(subject);
  EXPECT_EQ(decode_text(scene.received()["Subject"]),
            subject.substr(0, 3 * (kMaxSubjectCharacters - 1)) + "\u2026");
}

TEST(Rfc3834, R20_EveryEncodedWordHasWholeCharactersInLinesOfAtMost76) {
  // The reader refuses longer lines, longer encoded-words and cut characters.
  for (std::size_t length = 1; length < 120; ++length) {
    for (const std::string& unit : {"\u00E9"s, "\u65E5"s, "\U0001F600"s, "a\u00E9"s, "\u00E9 "s}) {
      std::string text(length % 5, 'x');
      for (std::size_t i = 0; i < length; ++i)
        text += unit;
      const std::string expected(trim(text));
      EXPECT_EQ(subject_of_reply_to(text), "Auto: " + expected);
      const std::string from = "From: " + text + " <alice@example.net>\n";
      EXPECT_EQ(to_of_reply_to(from).name, expected);
    }
  }
}

TEST(Composer, TextThatLooksEncodedStaysAsItIs) {
  EXPECT_EQ(subject_of_reply_to("=?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3F=3D?="), "Auto: =?utf-8?Q?a?=");
}

TEST(Rfc3834, R21_InReplyToAndReferencesFollowRfc5322) {
  struct Case {
    std::string fields;
    std::string references;
  };
  const std::vector<Case> cases = {
      {"", "<3@x>"},
      {"References: <1@x> <2@x>\n", "<1@x> <2@x> <3@x>"},
      {"References: <1@x>\n\t<2@x>\nIn-Reply-To: <9@x>\n", "<1@x> <2@x> <3@x>"},
      {"In-Reply-To: <2@x>\n", "<2@x> <3@x>"},
      {"In-Reply-To: Your message <2@x> of today\n", "<2@x> <3@x>"},
      {"In-Reply-To: <1@x> <2@x>\n", "<3@x>"},
      {"References: nothing\n", "<3@x>"}};
  for (const auto& [fields, references] : cases) {
    const Received reply = reply_to_header("Message-ID: <3@x>\n" + fields);
    EXPECT_EQ(reply["In-Reply-To"], "<3@x>");
    EXPECT_EQ(reply["References"], references) << fields;
  }
}

TEST(Rfc3834, R21_WithoutAMessageIdThereIsNoThread) {
  for (const char* field : {"Subject: none", "Message-ID: none", "Message-ID: <a b@x>",
                            "Message-ID: <>", "Message-ID: <unclosed@x"}) {
    const Received reply = reply_to_header(std::string(field) + "\n");
    EXPECT_FALSE(reply.has("In-Reply-To")) << field;
    EXPECT_FALSE(reply.has("References")) << field;
  }
}

TEST(Composer, ReferencesOfALongThreadAreTheFirstAndTheLatest) {
  std::string header = "Message-ID: <parent@x>\nReferences:";
  for (int i = 0; i < 1000; ++i)
    header += "\n <" + std::to_string(i) + "@x>";
  const Received reply = reply_to_header(header + "\n");
  const std::string references = reply["References"];
  EXPECT_EQ(split(references, ' ').size(), kMaxReferences);
  EXPECT_TRUE(references.starts_with("<0@x> ")) << references;
  EXPECT_TRUE(references.ends_with(" <998@x> <999@x> <parent@x>")) << references;
}

TEST(Composer, TheMessageIdNamesResponderPersonHandleAndMessageAnswered) {
  const Scene scene;
  const std::string id = scene.received()["Message-ID"];
  EXPECT_TRUE(id.starts_with(kMessageIdMark));
  EXPECT_TRUE(id.ends_with("@example.org>"));
  std::vector<Scene> others(4);
  others[0].responder_id = "desk@example.org";
  others[1].sender = Sender("bob@example.net");
  others[2].reply.handle = "open";
  others[3].header = "Message-ID: <2@example.net>\n";
  std::set<std::string> ids = {id};
  for (const auto& other : others)
    EXPECT_TRUE(ids.insert(other.received()["Message-ID"]).second);
}

TEST(Composer, TheMessageIdStaysWhenTheReplyIsComposedAgainLater) {
  Scene later;
  later.now += Seconds(300);
  later.sender = Sender("Alice+other@EXAMPLE.net");
  later.header = "Received: again\n" + later.header;
  EXPECT_EQ(later.received()["Message-ID"], Scene().received()["Message-ID"]);
}

TEST(Composer, MessagesWithoutMessageIdAreToldApartByTheirHeader) {
  EXPECT_NE(reply_to_header("Subject: a\n")["Message-ID"],
            reply_to_header("Subject: b\n")["Message-ID"]);
}

TEST(Rfc3834, R22_TheReplyIsMarkedAsAutomatic) {
  EXPECT_EQ(Scene().received()["Auto-Submitted"], "auto-replied");
}

TEST(Rfc3834, R23_ThePrecedenceFieldIsTheOneSetOrLeftOut) {
  Scene scene;
  EXPECT_EQ(scene.received()["Precedence"], "bulk");
  scene.reply.settings.precedence = "junk";
  EXPECT_EQ(scene.received()["Precedence"], "junk");
  scene.reply.settings.precedence = "";
  EXPECT_FALSE(scene.received().has("Precedence"));
}

TEST(Rfc3834, R24_TheReplyIsPlainText) {
  const Received reply = Scene().received();
  EXPECT_TRUE(reply["Content-Type"].starts_with("text/plain;"));
  EXPECT_EQ(reply.text(), "We are closed.\n");
}

TEST(Rfc3834, R25_TheReplyHoldsNothingOfTheMessageUnlessTheTextAsksForIt) {
  Scene scene;
  scene.header =
      "From: SECRET <alice@example.com>\nTo: SECRET@example.org\nSubject: SECRET\n"
      "X-Header: SECRET\n";
  scene.reply.texts.front().subject = text_template("Closed");
  const Message message = parse_message(scene.header + "\nSECRET\n");
  EXPECT_EQ(scene.compose_for(message).find("SECRET"), std::string::npos);
}

TEST(Rfc3834, R33_TheReplySaysNothingOfTheRecipientButWhatItsTextSays) {
  Scene scene;
  scene.responder.file = "/home/SECRET/SECRET.conf";
  scene.reply.handle = "SECRET";
  scene.responder.addresses = {address("SECRET@example.org"), address("x@SECRET.example")};
  ASSERT_TRUE(scene.responder.never_reply_to.add("SECRET@example.net"));
  ASSERT_TRUE(scene.responder.only_reply_to.add("@SECRET.example"));
  scene.responder.limit = RateLimit{10, Seconds{60}, "SECRET"};
  scene.responder.schedule.from = parse_time("2026-12-19");
  scene.responder.schedule.until = parse_time("2027-01-08T09:10");
  scene.reply.period = scene.responder.schedule.period_near(kChristmasEve);
  const auto reply = to_lower_ascii(scene.compose_text());
  for (const std::string secret : {"secret", "2027", "09:10"})
    EXPECT_EQ(reply.find(secret), std::string::npos) << secret;
  scene.text() = text_template("Back on ${active_until}.\n");
  EXPECT_EQ(scene.received().text(), "Back on 2027-01-08 09:10.\n");
}

TEST(Rfc3834, R26_EncodedWordsAreDecodedIntoTheCharsetOfTheBody) {
  Scene scene;
  scene.header =
      "From: =?iso-8859-15?Q?J=FCrgen_=A4?= <alice@example.net>\n"
      "Subject: =?koi8-r?B?8NLJ18XU?=\n";
  scene.text() = text_template("${sender_name}: ${subject}\n");
  EXPECT_EQ(scene.received().text(), "J\u00FCrgen \u20AC: \u041F\u0440\u0438\u0432\u0435\u0442\n");
}

TEST(Composer, FillsEveryPlaceholder) {
  Scene scene;
  scene.reply.period = {parse_time("2026-12-24"), parse_end_time("2026-12-31")};
  scene.text() = text_template(
      "${subject}\n${sender}\n${sender_name}\n${recipient}\n${active_from}\n${active_until}\n"
      "${next_open}\n${message_id}\n");
  EXPECT_EQ(scene.received().text(),
            "Opening hours\nalice@example.net\nAlice\ninfo@example.org\n2026-12-24\n2026-12-31\n"
            "2027-01-01\n<1@example.net>\n");
  scene.text() = text_template("${date}");
  EXPECT_TRUE(scene.received().text().starts_with("2026-12-2"));
  scene.header = "To: info@example.org\n";
  scene.text() = text_template("[${subject}] [${sender_name}] [${message_id}]\n");
  EXPECT_EQ(scene.received().text(), "[] [alice@example.net] []\n");
}

TEST(Composer, TakesTheFallbackWhereTheSenderHasNoName) {
  Scene scene;
  scene.text() = text_template("${sender_name:-customer}, ${sender_name}\n");
  scene.html() = text_template("<p>${sender_name:-<i>customer</i>}</p>\n");
  EXPECT_EQ(scene.received().first("text/plain").text(), "Alice, Alice\n");
  for (const char* from : {"alice@example.net", "\"Alice@Example.NET\" <alice@example.net>"}) {
    scene.header = std::string("From: ") + from + "\n";
    const Received reply = scene.received();
    EXPECT_EQ(reply.first("text/plain").text(), "customer, alice@example.net\n") << from;
    EXPECT_EQ(reply.first("text/html").text(), "<p><i>customer</i></p>\n") << from;
  }
}

TEST(Composer, NoValueTurnsTheAuthorsWordsRound) {
  Scene scene;
  scene.header = "From: \"A\u202Elice\" <alice@example.net>\nSubject: open\u2066ing\u202E hours\n";
  scene.text() = text_template("${subject} of ${sender_name} (${sender})\n");
  scene.html() = text_template("<p>${subject} of ${sender_name}</p>\n");
  const Received reply = scene.received();
  EXPECT_EQ(reply.first("text/plain").text(), "opening hours of Alice (alice@example.net)\n");
  EXPECT_EQ(reply.first("text/html").text(), "<p>opening hours of Alice</p>\n");
  EXPECT_EQ(reply["Subject"], "Auto: opening hours");
  EXPECT_EQ(reply["To"], "Alice <alice@example.net>");
}

TEST(Composer, AnAddressDoesNotTurnTheAuthorsWordsRoundEither) {
  Scene scene;
  scene.sender = Sender("a\u202Ex@example.net");
  scene.header = "From: <a\u202Ex@example.net>\n";
  scene.text() = text_template("${sender} ${sender_name}\n");
  EXPECT_TRUE(scene.compose_text().ends_with("\n\nax@example.net ax@example.net\n"));
  EXPECT_EQ(scene.compose_text().find("\u202E"), std::string::npos) << "nor in To";
}

TEST(Composer, APlaceholderInAValueIsNotFilled) {
  Scene scene;
  scene.header = "From: $SUBJECT <alice@example.net>\nSubject: ${sender} $$ $SUBJECT\n";
  scene.text() = text_template("${subject}; ${sender_name}\n");
  EXPECT_EQ(scene.received().text(), "${sender} $$ $SUBJECT; $SUBJECT\n");
}

TEST(Composer, APlaceholderIsOneLineAlsoWhenAnAddressHoldsALineSeparator) {
  for (const char* text :
       {"a\u2028b@example.net", "a\u2029b@example.net", "a\u0085b@example.net"}) {
    const Sender sender(text);
    if (!sender.address) continue;  // refused as a sender: as good
    Scene scene;
    scene.sender = sender;
    scene.text() = text_template("${sender} ${sender_name}\n");
    // The To field is UTF-8 (RFC 6532), which the reader does not take, so the body alone is read.
    const std::string octets = scene.compose_text();
    const Received reply = test::read_entity(octets.substr(octets.find("\nContent-Type:") + 1));
    const Strings lines = test::lines_of(reply.text());
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0], to_single_line(lines[0]));
  }
}

TEST(Composer, AFieldOfTheTemplateIsEncodedAndCannotAddALine) {
  Scene scene;
  scene.header = "Subject: =?utf-8?Q?a=0D=0ABcc:_mallory@example.com?= " + std::string(2000, 'x');
  scene.reply.extra_fields.push_back({"X-About", text_template("B\u00FCro:\n${subject}")});
  const Received reply = scene.received();
  EXPECT_FALSE(reply.has("Bcc"));
  EXPECT_TRUE(
      decode_text(reply["X-About"]).starts_with("B\u00FCro: a  Bcc: mallory@example.com x"));
}

}  // namespace
}  // namespace inforeply
