#include "inforeply/composer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using namespace std::string_literals;
using test::address;
using Strings = std::vector<std::string>;

// A reader of replies, strict where the product is lenient and without any of its code but the
// check of UTF-8: it throws BadReply at whatever a standard forbids.

struct BadReply : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void require(bool condition, const std::string& what) {
  if (!condition) throw BadReply(what);
}

Strings lines_of(std::string_view text) {
  Strings lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    require(end != std::string_view::npos, "a last line without its end");
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

unsigned hex_digit(char c) {
  const auto value = "0123456789ABCDEF"s.find(c);
  require(value != std::string::npos, "no upper-case hexadecimal digit: "s + c);
  return static_cast<unsigned>(value);
}

/// The octet that `=XX` at `at` stands for.
char escaped_octet(std::string_view text, std::size_t at) {
  require(at + 2 < text.size(), "a cut escape");
  return static_cast<char>(hex_digit(text[at + 1]) * 16 + hex_digit(text[at + 2]));
}

/// RFC 4648, 4, with all of its padding.
std::string decode_base64(std::string_view text) {
  const auto alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"s;
  require(text.size() % 4 == 0, "base64 is not padded");
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string result;
  unsigned bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto value = i < text.size() - padding ? alphabet.find(text[i]) : 0;
    require(value != std::string::npos, "not base64");
    bits = (bits << 6U) | static_cast<unsigned>(value);
    if (i % 4 == 3) {
      for (const unsigned shift : {16U, 8U, 0U})
        result += static_cast<char>(bits >> shift);
    }
  }
  return result.substr(0, result.size() - padding);
}

/// RFC 2045, 6.7.
std::string decode_quoted_printable(std::string_view text) {
  std::string result;
  for (const auto& line : lines_of(text)) {
    require(line.size() <= 76, "a quoted-printable line over 76");
    require(!line.ends_with(' ') && !line.ends_with('\t'), "a blank at a line's end");
    require(!line.starts_with("From "), "a line that a mailbox changes");
    const bool soft = line.ends_with('=');
    for (std::size_t i = 0; i < line.size() - (soft ? 1 : 0); ++i) {
      result += line[i] == '=' ? escaped_octet(line, i) : line[i];
      if (line[i] == '=') i += 2;
    }
    if (!soft) result += '\n';
  }
  return result;
}

std::string decode_base64_lines(std::string_view text) {
  std::string joined;
  for (const auto& line : lines_of(text)) {
    require(line.size() <= 76, "a base64 line over 76");
    joined += line;
  }
  std::string result = decode_base64(joined);
  for (auto at = result.find('\n'); at != std::string::npos; at = result.find('\n', at)) {
    require(at > 0 && result[at - 1] == '\r', "a line end that is not canonical");
    result.erase(at - 1, 1);
  }
  return result;
}

/// RFC 3676, 4.1 to 4.3: the text as it was before it was broken into lines.
std::string unflow(std::string_view text) {
  std::string result;
  for (std::string line : lines_of(text)) {
    require(!line.starts_with('>'), "a line that reads as quoted");
    require(!line.starts_with("From "), "a line that a mailbox changes");
    const bool signature_mark = line == "-- ";
    if (signature_mark && !result.empty()) require(result.back() == '\n', "a mark in a paragraph");
    if (line.starts_with(' ')) line.erase(0, 1);
    result += line;
    if (signature_mark || !line.ends_with(' ')) result += '\n';
  }
  return result;
}

std::string decode_encoded_word(std::string_view word) {
  require(word.size() <= 75, "an encoded-word over 75");
  require(word.starts_with("=?utf-8?") && word.ends_with("?=") && word.size() > 12, "no charset");
  const std::string_view content = word.substr(10, word.size() - 12);
  require(content.find_first_of("? ") == std::string_view::npos, "a blank in an encoded-word");
  std::string text;
  if (word.substr(8, 2) == "B?") {
    text = decode_base64(content);
  } else {
    require(word.substr(8, 2) == "Q?", "no encoding");
    for (std::size_t i = 0; i < content.size(); ++i) {
      text += content[i] == '=' ? escaped_octet(content, i) : content[i] == '_' ? ' ' : content[i];
      if (content[i] == '=') i += 2;
    }
  }
  require(is_valid_utf8(text), "a cut character");
  return text;
}

/// An unfolded body that is either all encoded-words or plain text.
std::string decode_text(std::string_view body) {
  if (body.find("=?") == std::string_view::npos) return std::string(body);
  std::string result;
  for (const auto word : split(body, ' '))
    result += decode_encoded_word(word);
  return result;
}

struct Field {
  std::string name;
  std::string body;  ///< unfolded
};

struct Reply {
  std::vector<Field> fields;
  std::string encoded_body;

  [[nodiscard]] Strings names() const {
    Strings result;
    for (const auto& field : fields)
      result.push_back(field.name);
    return result;
  }
  [[nodiscard]] bool has(std::string_view name) const {
    return std::any_of(fields.begin(), fields.end(),
                       [&](const Field& field) { return field.name == name; });
  }
  /// The body of the one field of that name.
  [[nodiscard]] std::string operator[](std::string_view name) const {
    for (const auto& field : fields) {
      if (field.name == name) return field.body;
    }
    throw BadReply("no field " + std::string(name));
  }
  [[nodiscard]] std::string text() const {
    const std::string encoding = (*this)["Content-Transfer-Encoding"];
    if (encoding == "7bit") return unflow(encoded_body);
    if (encoding == "base64") return unflow(decode_base64_lines(encoded_body));
    require(encoding == "quoted-printable", "unknown encoding");
    return unflow(decode_quoted_printable(encoded_body));
  }
};

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

Reply read(std::string_view text) {
  Reply reply;
  const auto header_end = text.find("\n\n");
  require(header_end != std::string_view::npos, "no empty line");
  for (const auto& line : lines_of(text.substr(0, header_end + 1))) {
    require(is_printable_ascii(line), "not printable ASCII: " + line);
    const bool has_encoded_word = line.find(" =?") != std::string::npos;
    require(line.size() <= (has_encoded_word ? 76U : 998U), "too long: " + line);
    if (line.starts_with(' ')) {
      require(line.find_first_not_of(' ') != std::string::npos, "a fold of blanks only");
      require(!reply.fields.empty(), "a fold of nothing");
      reply.fields.back().body += line;
      continue;
    }
    const auto colon = line.find(": ");
    require(colon != std::string::npos && line.find(' ') > colon, "no field: " + line);
    require(!reply.has(line.substr(0, colon)), "twice: " + line);
    reply.fields.push_back({line.substr(0, colon), line.substr(colon + 2)});
  }
  reply.encoded_body = text.substr(header_end + 2);
  for (auto line : lines_of(reply.encoded_body)) {
    std::replace(line.begin(), line.end(), '\t', ' ');
    require(is_printable_ascii(line), "not printable ASCII: " + line);
    require(line.size() <= 998, "too long: " + line);
  }
  return reply;
}

struct NameAndAddress {
  std::string name;
  std::string address;
};

/// The one mailbox of an unfolded field.
NameAndAddress read_mailbox(std::string_view body) {
  const auto angle = body.rfind('<');
  if (angle == std::string_view::npos) return {{}, std::string(body)};
  require(body.ends_with('>') && angle > 1 && body[angle - 1] == ' ', "no mailbox");
  const std::string_view address = body.substr(angle + 1, body.size() - angle - 2);
  std::string_view phrase = body.substr(0, angle - 1);
  if (!phrase.starts_with('"')) {
    require(phrase.find("=?") != std::string_view::npos ||
                phrase.find_first_of("()<>[]:;@\\,.\"") == std::string_view::npos,
            "a special in an atom");
    return {decode_text(trim(phrase)), std::string(address)};
  }
  std::string name;
  for (std::size_t i = 1; i + 1 < phrase.size(); ++i) {
    require(phrase[i] != '"', "a quoted string that ends early");
    if (phrase[i] == '\\') ++i;
    name += phrase[i];
  }
  require(phrase.ends_with('"') && phrase.size() > 1, "a quoted string that does not end");
  return {name, std::string(address)};
}

// The scene: a message and what answers it.

constexpr Time kNow{Seconds{1'798'135'200}};  // 2026-12-24T18:00:00Z

TextTemplate text_template(std::string_view text) {
  return {text, "test", 1};
}

struct Scene {
  std::string header =
      "From: Alice <alice@example.net>\nTo: info@example.org\nSubject: Opening hours\n"
      "Message-ID: <1@example.net>\n";
  Responder responder{};
  Address sender = address("alice@example.net");
  Address recipient = address("info@example.org");
  std::string responder_id = "info@example.org";
  Time now = kNow;

  Scene() {
    responder.file = "info.conf";
    responder.subject = text_template("Auto: ${subject}");
    responder.text = text_template("We are closed.\n");
    responder.handle = "closed";
  }
  [[nodiscard]] std::string compose_for(const Message& message) const {
    return compose(
        {message, responder, sender, recipient, canonical_sender(sender), responder_id, now});
  }
  [[nodiscard]] std::string compose_text() const {
    return compose_for(parse_message(header + "\nHello\n"));
  }
  [[nodiscard]] Reply reply() const { return read(compose_text()); }
};

Reply reply_with_text(std::string_view text) {
  Scene scene;
  scene.responder.text = text_template(text);
  return scene.reply();
}

Reply reply_to_header(const std::string& header) {
  Scene scene;
  scene.header = header;
  return scene.reply();
}

std::string subject_of_reply_to(const std::string& subject) {
  return decode_text(reply_to_header("Subject: " + subject + "\n")["Subject"]);
}

NameAndAddress to_of_reply_to(const std::string& header) {
  return read_mailbox(reply_to_header(header)["To"]);
}

TEST(Composer, WritesTheseFieldsEachOnce) {
  Scene scene;
  scene.responder.reply_to = Mailbox{"Desk", "desk@example.org"};
  scene.responder.extra_fields.push_back({"Organization", text_template("For ${sender}")});
  const Reply reply = scene.reply();
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
  scene.responder.from = Mailbox{"Opening hours (automatic)", "ellen@example.org"};
  const auto from = read_mailbox(scene.reply()["From"]);
  EXPECT_EQ(from.name, "Opening hours (automatic)");
  EXPECT_EQ(from.address, "ellen@example.org");
}

TEST(Rfc3834, R13_TheReplyIsFromTheSetNameAndAddress) {
  Scene scene;
  for (const char* name : {"Desk", "Desk, the \"big\" one\\", "B\u00FCro", "a.b", "", "=?a?b?"}) {
    scene.responder.from = Mailbox{name, "desk@example.org"};
    const auto from = read_mailbox(scene.reply()["From"]);
    EXPECT_EQ(from.name, name);
    EXPECT_EQ(from.address, "desk@example.org");
  }
}

TEST(Rfc3834, R14_TheReplyIsFromTheAddressThatTheSenderUsed) {
  Scene scene;
  scene.recipient = address("Info+Hours@B\u00FCcher.example");
  EXPECT_EQ(scene.reply()["From"], "Info+Hours@xn--bcher-kva.example");
}

TEST(Rfc3834, R15_NothingInTheReplyIsMadeUpFromTheHost) {
  const Reply reply = Scene().reply();
  EXPECT_EQ(reply["From"], "info@example.org");
  EXPECT_TRUE(reply["Message-ID"].ends_with("@example.org>"));
}

TEST(Rfc3834, R16_ReplyToStandsOnlyWhereItIsSet) {
  Scene scene;
  EXPECT_FALSE(scene.reply().has("Reply-To"));
  scene.responder.reply_to = Mailbox{"Desk", "desk@example.org"};
  EXPECT_EQ(scene.reply()["Reply-To"], "Desk <desk@example.org>");
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
  scene.sender = address("Alice+Tag@B\u00FCcher.example");
  EXPECT_EQ(read_mailbox(scene.reply()["To"]).address, "Alice+Tag@xn--bcher-kva.example");
  scene.sender = address("\"a \\\"b\"@example.net");
  EXPECT_EQ(read_mailbox(scene.reply()["To"]).address, "\"a \\\"b\"@example.net");
}

TEST(Composer, ALongNameIsCutAndTheAddressStaysWhole) {
  for (const std::string& letter : {"a"s, "a "s, "a."s, "\u00E9"s, "\""s}) {
    std::string name;
    for (int i = 0; i < 500; ++i)
      name += letter;
    Scene scene;
    const std::string body = letter == "\"" ? "\"" + std::string(1000, '\\') + "\"" : name;
    scene.header = "From: " + body + " <alice@example.net>\n";
    const auto to = read_mailbox(scene.reply()["To"]);
    EXPECT_TRUE(to.name.ends_with("\u2026")) << to.name;
    EXPECT_LE(to.name.size(), 3U * kMaxSubjectCharacters);
    EXPECT_EQ(to.address, "alice@example.net");
  }
}

TEST(Rfc3834, R18_DateIsWhenTheReplyIsComposed) {
  Scene scene;
  scene.header += "Date: Mon, 01 Jan 2024 00:00:00 +0900\n";
  EXPECT_EQ(scene.reply()["Date"], "Thu, 24 Dec 2026 18:00:00 +0000");
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
    const Reply reply = reply_to_header("Message-ID: <3@x>\n" + fields);
    EXPECT_EQ(reply["In-Reply-To"], "<3@x>");
    EXPECT_EQ(reply["References"], references) << fields;
  }
}

TEST(Rfc3834, R21_WithoutAMessageIdThereIsNoThread) {
  for (const char* field : {"Subject: none", "Message-ID: none", "Message-ID: <a b@x>",
                            "Message-ID: <>", "Message-ID: <unclosed@x"}) {
    const Reply reply = reply_to_header(std::string(field) + "\n");
    EXPECT_FALSE(reply.has("In-Reply-To")) << field;
    EXPECT_FALSE(reply.has("References")) << field;
  }
}

TEST(Composer, ReferencesOfALongThreadAreTheFirstAndTheLatest) {
  std::string header = "Message-ID: <parent@x>\nReferences:";
  for (int i = 0; i < 1000; ++i)
    header += "\n <" + std::to_string(i) + "@x>";
  const Reply reply = reply_to_header(header + "\n");
  const std::string references = reply["References"];
  EXPECT_EQ(split(references, ' ').size(), kMaxReferences);
  EXPECT_TRUE(references.starts_with("<0@x> ")) << references;
  EXPECT_TRUE(references.ends_with(" <998@x> <999@x> <parent@x>")) << references;
}

TEST(Composer, TheMessageIdNamesResponderPersonHandleAndMessageAnswered) {
  const Scene scene;
  const std::string id = scene.reply()["Message-ID"];
  EXPECT_TRUE(id.starts_with(kMessageIdMark));
  EXPECT_TRUE(id.ends_with("@example.org>"));
  std::vector<Scene> others(4);
  others[0].responder_id = "desk@example.org";
  others[1].sender = address("bob@example.net");
  others[2].responder.handle = "open";
  others[3].header = "Message-ID: <2@example.net>\n";
  std::set<std::string> ids = {id};
  for (const auto& other : others)
    EXPECT_TRUE(ids.insert(other.reply()["Message-ID"]).second);
}

TEST(Composer, TheMessageIdStaysWhenTheReplyIsComposedAgainLater) {
  Scene later;
  later.now += Seconds(300);
  later.sender = address("Alice+other@EXAMPLE.net");
  later.header = "Received: again\n" + later.header;
  EXPECT_EQ(later.reply()["Message-ID"], Scene().reply()["Message-ID"]);
}

TEST(Composer, MessagesWithoutMessageIdAreToldApartByTheirHeader) {
  EXPECT_NE(reply_to_header("Subject: a\n")["Message-ID"],
            reply_to_header("Subject: b\n")["Message-ID"]);
}

TEST(Rfc3834, R22_TheReplyIsMarkedAsAutomatic) {
  EXPECT_EQ(Scene().reply()["Auto-Submitted"], "auto-replied");
}

TEST(Rfc3834, R23_ThePrecedenceFieldIsTheOneSetOrLeftOut) {
  Scene scene;
  EXPECT_EQ(scene.reply()["Precedence"], "bulk");
  scene.responder.precedence = "junk";
  EXPECT_EQ(scene.reply()["Precedence"], "junk");
  scene.responder.precedence = "";
  EXPECT_FALSE(scene.reply().has("Precedence"));
}

TEST(Rfc3834, R24_TheReplyIsPlainText) {
  const Reply reply = Scene().reply();
  EXPECT_TRUE(reply["Content-Type"].starts_with("text/plain;"));
  EXPECT_EQ(reply.text(), "We are closed.\n");
}

TEST(Rfc3834, R25_TheReplyHoldsNothingOfTheMessageUnlessTheTextAsksForIt) {
  Scene scene;
  scene.header =
      "From: SECRET <alice@example.com>\nTo: SECRET@example.org\nSubject: SECRET\n"
      "X-Header: SECRET\n";
  scene.responder.subject = text_template("Closed");
  const Message message = parse_message(scene.header + "\nSECRET\n");
  EXPECT_EQ(scene.compose_for(message).find("SECRET"), std::string::npos);
}

TEST(Rfc3834, R33_TheReplySaysNothingOfTheRecipientButWhatItsTextSays) {
  Scene scene;
  scene.responder.file = "/home/SECRET/SECRET.conf";
  scene.responder.handle = "SECRET";
  scene.responder.addresses = {address("SECRET@example.org"), address("x@SECRET.example")};
  ASSERT_TRUE(scene.responder.never_reply_to.add("SECRET@example.net"));
  ASSERT_TRUE(scene.responder.only_reply_to.add("@SECRET.example"));
  scene.responder.limit = RateLimit{10, Seconds{60}, "SECRET"};
  scene.responder.active_from = kNow - Seconds{60};
  scene.responder.active_until = kNow + Seconds{60};
  scene.responder.active_from_text = "SECRET";
  scene.responder.active_until_text = "SECRET";
  EXPECT_EQ(to_lower_ascii(scene.compose_text()).find("secret"), std::string::npos);
  scene.responder.text = text_template("Back on ${active_until}.\n");
  EXPECT_EQ(scene.reply().text(), "Back on SECRET.\n");
}

TEST(Rfc3834, R26_EncodedWordsAreDecodedIntoTheCharsetOfTheBody) {
  Scene scene;
  scene.header =
      "From: =?iso-8859-15?Q?J=FCrgen_=A4?= <alice@example.net>\n"
      "Subject: =?koi8-r?B?8NLJ18XU?=\n";
  scene.responder.text = text_template("${sender_name}: ${subject}\n");
  EXPECT_EQ(scene.reply().text(), "J\u00FCrgen \u20AC: \u041F\u0440\u0438\u0432\u0435\u0442\n");
}

TEST(Composer, FillsEveryPlaceholder) {
  Scene scene;
  scene.responder.active_from_text = "2026-12-24";
  scene.responder.active_until_text = "2026-12-31";
  scene.responder.text = text_template(
      "${subject}\n${sender}\n${sender_name}\n${recipient}\n${active_from}\n${active_until}\n"
      "${message_id}\n");
  EXPECT_EQ(scene.reply().text(),
            "Opening hours\nalice@example.net\nAlice\ninfo@example.org\n2026-12-24\n2026-12-31\n"
            "<1@example.net>\n");
  scene.responder.text = text_template("${date}");
  EXPECT_TRUE(scene.reply().text().starts_with("2026-12-2"));
  scene.header = "To: info@example.org\n";
  scene.responder.text = text_template("[${subject}] [${sender_name}] [${message_id}]\n");
  EXPECT_EQ(scene.reply().text(), "[] [alice@example.net] []\n");
}

TEST(Composer, APlaceholderInAValueIsNotFilled) {
  Scene scene;
  scene.header = "From: $SUBJECT <alice@example.net>\nSubject: ${sender} $$ $SUBJECT\n";
  scene.responder.text = text_template("${subject}; ${sender_name}\n");
  EXPECT_EQ(scene.reply().text(), "${sender} $$ $SUBJECT; $SUBJECT\n");
}

TEST(Composer, APlaceholderIsOneLineAlsoWhenAnAddressHoldsALineSeparator) {
  for (const char* text :
       {"a\u2028b@example.net", "a\u2029b@example.net", "a\u0085b@example.net"}) {
    const auto sender = parse_address(text);
    if (!sender) continue;  // refused as a sender: as good
    Scene scene;
    scene.sender = *sender;
    scene.responder.text = text_template("${sender} ${sender_name}\n");
    // The To field is UTF-8 (RFC 6532), which the reader does not take, so the body alone is read.
    const std::string octets = scene.compose_text();
    const auto header_end = octets.find("\n\n");
    const auto encoding = octets.rfind(' ', header_end) + 1;
    const Reply reply{
        {{"Content-Transfer-Encoding", octets.substr(encoding, header_end - encoding)}},
        octets.substr(header_end + 2)};
    const Strings lines = lines_of(reply.text());
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0], to_single_line(lines[0]));
  }
}

TEST(ComposerBody, HasTheEncodingThatIsRightForTheText) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"We are closed.\n", "7bit"},
      {"", "7bit"},
      {"a\tb\n", "7bit"},
      {std::string(900, 'x') + "\n", "7bit"},
      {"Gr\u00FC\u00DFe, but mostly plain letters in this line.\n", "quoted-printable"},
      {std::string(2000, 'x') + "\n", "quoted-printable"},
      {"page\fbreak\n", "quoted-printable"},
      {"\u041F\u0440\u0438\u0432\u0435\u0442, \u043C\u0438\u0440\n", "base64"}};
  for (const auto& [text, encoding] : cases) {
    const Reply reply = reply_with_text(text);
    EXPECT_EQ(reply["Content-Transfer-Encoding"], encoding) << text;
    EXPECT_EQ(reply.text(), text);
  }
}

TEST(ComposerBody, BreaksLongParagraphsIntoShortLinesThatJoinAgain) {
  std::string paragraph = "word";
  for (int i = 0; i < 500; ++i)
    paragraph += " word" + std::to_string(i);
  const Reply reply = reply_with_text(paragraph + "\n\n" + paragraph + "\n");
  EXPECT_EQ(reply.text(), paragraph + "\n\n" + paragraph + "\n");
  for (const auto& line : lines_of(reply.encoded_body))
    EXPECT_LE(line.size(), 79U);
}

TEST(ComposerBody, KeepsWhatFlowedTextTreatsSpecially) {
  for (const std::string& text :
       {"> no quotation\n"s, ">\n"s, " indented\n"s, "From here\n"s, "From\n"s, ".\n"s, "..\n"s,
        "text\n-- \nsignature\n"s, "--\n"s, "\n\n\n"s, "no line end at the end\n"s}) {
    EXPECT_EQ(reply_with_text(text).text(), text);
  }
  EXPECT_EQ(reply_with_text("blanks at the end   \nnext").text(), "blanks at the end\nnext\n");
}

TEST(ComposerBody, ABreakNeverMakesASignatureMark) {
  const std::string text = std::string(70, 'a') + " -- " + std::string(80, 'b') + " and so on\n";
  const Reply reply = reply_with_text(text);
  EXPECT_EQ(reply.encoded_body.find("\n-- \n"), std::string::npos);
  EXPECT_EQ(reply.text(), text);
}

TEST(ComposerBody, ASoftLineBreakNeverMakesALineThatAMailboxChanges) {
  const std::string text = "\u00E9" + std::string(68, 'x') + " From u\n";
  EXPECT_EQ(reply_with_text(text).text(), text);
}

TEST(ComposerBodyProperty, EveryTextArrivesAsItWasWritten) {
  const Strings pieces = {" ",
                          "  ",
                          "\n",
                          "\n\n",
                          "word",
                          "a",
                          "From ",
                          "\nFrom ",
                          ">",
                          "\n>",
                          ".",
                          "\n.\n",
                          "-- ",
                          "\n-- \n",
                          "\u00E9",
                          "\u65E5\u672C\u8A9E",
                          "=",
                          "=20",
                          "\t",
                          "_?",
                          "\U0001F600",
                          "\x0C",
                          "long" + std::string(90, 'x'),
                          "https://example.org/" + std::string(1100, 'y')};
  std::mt19937 random(3676);
  for (int round = 0; round < 400; ++round) {
    // Few kinds of pieces each round, so that all three encodings come up.
    Strings kinds;
    for (int i = 0; i < 6; ++i)
      kinds.push_back(pieces[random() % pieces.size()]);
    std::string text;
    for (int i = 0; i < 60; ++i)
      text += kinds[random() % kinds.size()];
    std::string expected;
    text += '\n';
    for (std::string line : lines_of(text)) {
      if (line != "-- ") line.resize(line.find_last_not_of(' ') + 1);
      expected += line + "\n";
    }
    Scene scene;
    scene.responder.allow_large = true;
    scene.responder.text = text_template(text);
    // Not EXPECT_EQ: its output would be long.
    ASSERT_TRUE(scene.reply().text() == expected) << "in round " << round << ":\n" << text;
  }
}

TEST(Rfc3834, R10_AReplyOver64KiBIsRefusedUnlessAllowed) {
  Scene scene;
  const std::size_t frame = scene.compose_text().size() - "We are closed.\n"s.size();
  const auto set_size = [&](std::size_t size) {
    std::string text(size - frame, 'x');
    for (std::size_t i = 70; i < text.size(); i += 70)
      text[i] = '\n';
    text.back() = '\n';
    scene.responder.text = text_template(text);
  };
  set_size(kMaxReplyOctets);
  EXPECT_EQ(scene.compose_text().size(), kMaxReplyOctets);
  set_size(kMaxReplyOctets + 1);
  try {
    static_cast<void>(scene.compose_text());
    ADD_FAILURE() << "composed";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kConfiguration);
    EXPECT_TRUE(std::string(error.what()).starts_with("info.conf: the reply has 65537 octets"));
  }
  scene.responder.allow_large = true;
  EXPECT_EQ(scene.compose_text().size(), kMaxReplyOctets + 1);
  set_size(kMaxLargeReplyOctets + 1);
  EXPECT_THROW(static_cast<void>(scene.compose_text()), ConfigError);
}

TEST(Composer, AFieldOfTheTemplateIsEncodedAndCannotAddALine) {
  Scene scene;
  scene.header = "Subject: =?utf-8?Q?a=0D=0ABcc:_mallory@example.com?= " + std::string(2000, 'x');
  scene.responder.extra_fields.push_back({"X-About", text_template("B\u00FCro:\n${subject}")});
  const Reply reply = scene.reply();
  EXPECT_FALSE(reply.has("Bcc"));
  EXPECT_TRUE(
      decode_text(reply["X-About"]).starts_with("B\u00FCro: a  Bcc: mallory@example.com x"));
}

/// What a stranger may put into a field.
Strings hostile_values() {
  Strings values = {
      "a\r\nBcc: mallory@example.com\r\n\r\nbody",
      "a\nBcc: mallory@example.com",
      "a\rBcc: mallory@example.com",
      "a\0b\0\r\n"s,
      "\xFF\xFE\xC3 \xC0\xAF \xED\xA0\x80 \xF5\x80\x80\x80 \xE2\x80",
      "\u2028\u2029\u0085\u009B31m\u202E\uFEFF\u200B",
      "=?utf-8?Q?a=0D=0ABcc:_mallory@example.com=0D=0A?=",
      "=?utf-8?B?YQ0KQmNjOiBtYWxsb3J5QGV4YW1wbGUuY29tDQo=?=",
      "=?utf-16be?B?AGEADQAKAEIAYwBjADoAIABt?=",
      "=?utf-7?Q?a+AA0ACg-Bcc:_m?=",
      "=?utf-8?Q?a=00b=7F=1B[31m=E2=80=A8=C2=85?=",
      "=?utf-8?Q?=FF=C3?= =?iso-2022-jp?B?GyRC?=",
      "=?\xFF\xFE?Q?a?= =?a\r\nb?Q?c?=",
      "=?utf-8?Q?=3C=3E=22=2C=5C?= <mallory@example.com>, b",
      "\" <mallory@example.com>, \"",
      "\\",
      "${sender} $SUBJECT $$",
      "From mallory",
      ".",
      "> quoted",
      "-- ",
      "",
      "   ",
  };
  for (int c = 0; c < 0x20; ++c)
    values.push_back("a" + std::string(1, static_cast<char>(c)) + "b");
  for (const std::string& unit :
       {"x"s, " "s, "\u00E9"s, "e\u0301"s, "=?"s, "=?utf-8?Q?=0A?= "s, "("s, "<"s, ">"s, "\""s,
        "\\"s, ","s, "\xFF"s, "\0"s, "\r"s, "<a@b> "s, "a@b,"s, "\u0301"s}) {
    std::string value;
    while (value.size() < 100'000)
      value += unit;
    values.push_back(value);
  }
  return values;
}

struct Place {
  std::string field;
  std::string before;
  std::string after;
};

const std::vector<Place> places = {{"Subject", "", ""},
                                   {"From", "", " <alice@example.net>"},
                                   {"From", "\"", "\" <alice@example.net>"},
                                   {"From", "alice@example.net (", ")"},
                                   {"Message-ID", "", ""},
                                   {"Message-ID", "<", "@example.net>"},
                                   {"Message-ID", "<1@example.net>", ""},
                                   {"References", "", ""},
                                   {"References", "<", "@example.net>"},
                                   {"In-Reply-To", "<", "@example.net>"}};

/// Puts the value into the field of the message, past the parser: not even an octet that the
/// parser would stop may pass the composer.
void set_field(Message& message, const std::string& name, const std::string& body) {
  std::erase_if(message.header.fields,
                [&](const HeaderField& field) { return field.name == name; });
  message.header.fields.push_back({name, body, 1});
}

TEST(ComposerProperty, NoHostileValueChangesTheFieldsOrTheLinesOfTheReply) {
  Scene scene;
  scene.responder.extra_fields.push_back({"X-About", text_template("${subject}")});
  scene.responder.text =
      text_template("Subject: ${subject}\nName: ${sender_name}\nMessage: ${message_id}\nend\n");
  const Strings names = scene.reply().names();
  Strings unthreaded = names;
  std::erase(unthreaded, "In-Reply-To");
  std::erase(unthreaded, "References");
  ASSERT_EQ(unthreaded.size() + 2, names.size());

  for (const auto& place : places) {
    for (const auto& value : hostile_values()) {
      Message message = parse_message(scene.header);
      set_field(message, place.field, place.before + value + place.after);
      const std::string shown = place.field + ": " + place.before + value.substr(0, 80);
      try {
        const std::string octets = scene.compose_for(message);
        EXPECT_LT(octets.size(), 32'000U) << shown;
        const Reply reply = read(octets);
        const bool threaded = reply.has("In-Reply-To") || place.field != "Message-ID";
        EXPECT_EQ(reply.names(), threaded ? names : unthreaded) << shown;
        EXPECT_EQ(read_mailbox(reply["To"]).address, "alice@example.net") << shown;
        EXPECT_EQ(read_mailbox(reply["From"]).address, "info@example.org") << shown;
        for (const char* name : {"Subject", "X-About"}) {
          const std::string text = decode_text(reply[name]);
          EXPECT_EQ(text, to_single_line(text)) << shown;
        }
        const Strings lines = lines_of(reply.text());
        ASSERT_EQ(lines.size(), 4U) << shown;
        for (const auto& line : lines)
          EXPECT_EQ(line, to_single_line(line)) << shown;
        EXPECT_TRUE(lines[0].starts_with("Subject:") && lines[1].starts_with("Name:") &&
                    lines[2].starts_with("Message:") && lines[3] == "end")
            << shown;
      } catch (const BadReply& error) {
        ADD_FAILURE() << error.what() << "\nfor " << shown;
      }
    }
  }
}

TEST(ComposerProperty, NoHostileMessageAsReadAddsAField) {
  Scene scene;
  for (const auto& place : places) {
    for (const auto& value : hostile_values()) {
      if (value.size() > 1000) continue;  // these are for the composer, above
      scene.header = place.field + ": " + place.before + value + place.after + "\n";
      EXPECT_NO_THROW({
        const Reply reply = scene.reply();
        EXPECT_FALSE(reply.has("Bcc"));
        EXPECT_EQ(read_mailbox(reply["To"]).address, "alice@example.net");
      }) << scene.header.substr(0, 80);
    }
  }
}

}  // namespace
}  // namespace inforeply
