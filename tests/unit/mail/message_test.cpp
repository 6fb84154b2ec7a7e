#include "mail/message.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "fixtures.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;
using test::TemporaryFolder;

constexpr auto kNone = std::nullopt;

class File {
 public:
  explicit File(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) throw std::runtime_error("cannot open " + path);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(descriptor_); }
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] std::size_t position() const {
    return static_cast<std::size_t>(::lseek(descriptor_, 0, SEEK_CUR));
  }

 private:
  int descriptor_;
};

/// What read_message makes of `text` coming through a pipe in writes of `chunk` octets, and how
/// much of it the writer got rid of.
struct PipeResult {
  Message message;
  std::size_t written = 0;
};

PipeResult read_through_pipe(std::string_view text, std::size_t chunk) {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  PipeResult result;
  std::thread writer([&] {
    while (result.written < text.size()) {
      const auto part = text.substr(result.written, chunk);
      const ssize_t count = ::write(ends[1], part.data(), part.size());
      if (count < 0) break;
      result.written += static_cast<std::size_t>(count);
    }
    ::close(ends[1]);
  });
  result.message = read_message(ends[0]);
  ::close(ends[0]);
  writer.join();
  return result;
}

/// A header block of so many octets in fields of 100, without the empty line behind it.
std::string header_block(std::size_t octets) {
  std::string block;
  while (octets - block.size() > 200)
    block += "X-Filler: " + std::string(89, 'x') + "\n";
  const auto left = octets - block.size();
  return block + "X-Last: " + std::string(left - 9, 'x') + "\n";
}

TEST(Message, HasAHeaderThatEndsAtTheFirstEmptyLine) {
  for (const auto text :
       {"A: 1\nB: 2\n\nC: 3\n"sv, "A: 1\r\nB: 2\r\n\r\nC: 3\r\n"sv, "A: 1\nB: 2\r\n\r\nC: 3"sv,
        "A: 1\nB: 2\n\n"sv, "A: 1\nB: 2\n"sv, "A: 1\nB: 2"sv}) {
    SCOPED_TRACE(testing::PrintToString(text));
    const Message message = parse_message(text);
    EXPECT_EQ(message.header.fields.size(), 2U);
    EXPECT_NE(message.header.find("A"), nullptr);
    EXPECT_NE(message.header.find("B"), nullptr);
    EXPECT_FALSE(message.header_truncated);
  }
}

TEST(Message, MayHaveNoHeader) {
  for (const auto text : {""sv, "\n"sv, "\r\n"sv, "\nA: 1\n"sv, "\r\nA: 1\r\n"sv, "\0"sv}) {
    SCOPED_TRACE(testing::PrintToString(text));
    const Message message = parse_message(text);
    EXPECT_TRUE(message.header.fields.empty());
    EXPECT_EQ(message.return_path, kNone);
    EXPECT_EQ(message.message_id(), "");
    EXPECT_EQ(message.subject(), "");
  }
}

TEST(Message, TakesALineOfBlanksForAContinuation) {
  EXPECT_EQ(parse_message("A: 1\n \nB: 2\n\nC: 3").header.fields.size(), 2U);
}

TEST(MessageBody, IsWhatStandsBehindTheEmptyLine) {
  const struct {
    std::string_view text, body;
  } cases[] = {
      {"A: 1\n\nbody\n", "body\n"},
      {"A: 1\r\n\r\nbody\r\n", "body\r\n"},
      {"A: 1\n\n\nbody", "\nbody"},
      {"\nA: 1\n", "A: 1\n"},
      {"A: 1\n\n", ""},
      {"A: 1\n", ""},
      {"A: 1", ""},
      {"", ""},
      {"A: 1\n\na\0b\xFF"sv, "a\0b\xFF"sv},
      {"From a@x Thu\nA: 1\n\nbody", "body"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(testing::PrintToString(c.text));
    EXPECT_EQ(parse_message(c.text).body, c.body);
  }
}

TEST(MessageBody, IsKeptToABound) {
  for (const std::size_t octets :
       {kMaxBodyOctets - 1, kMaxBodyOctets, kMaxBodyOctets + 1, 10 * kMaxBodyOctets}) {
    const std::string body(octets, 'x');
    const std::string text = "A: 1\n\n" + body;
    EXPECT_EQ(parse_message(text).body, body.substr(0, kMaxBodyOctets));
    EXPECT_EQ(read_through_pipe(text, 65536).message.body, body.substr(0, kMaxBodyOctets));
  }
}

TEST(MessageBody, IsKeptWholeBehindTheLongestHeader) {
  const std::string body(kMaxBodyOctets, 'x');
  const std::string text = header_block(kMaxHeaderOctets) + "\r\n" + body;
  EXPECT_EQ(read_through_pipe(text, 65536).message.body, body);
}

TEST(MessageBody, IsNotKeptWhereTheHeaderIsCut) {
  EXPECT_EQ(parse_message(header_block(kMaxHeaderOctets + 1) + "\nbody").body, "");
}

/// "name|body" of every field, then the message's body, each in brackets.
std::string content_of(std::string_view text) {
  const Message message = parse_message(text);
  std::string result;
  for (const auto& field : message.header.fields)
    result += "[" + field.name + "|" + field.body + "]";
  return result + "[" + message.body + "]";
}

TEST(LineEnds, OfCarriageReturnsAloneAreRead) {
  const std::string expected = "[A|1  2][B|3][one\ntwo\n]";
  EXPECT_EQ(content_of("A: 1\r  2\rB: 3\r\rone\rtwo\r"), expected);
  EXPECT_EQ(content_of("A: 1\r  2\rB: 3\r\rone\rtwo\r"),
            content_of("A: 1\n  2\nB: 3\n\none\ntwo\n"));
}

TEST(LineEnds, OfCarriageReturnsAloneMayHaveTheMailServersLinesOnTop) {
  const Message message = parse_message(
      "Return-Path: <a@x>\nDelivered-To: b@x\nA: 1\rAuto-Submitted: auto-replied\rB: "
      "3\r\rone\rtwo");
  EXPECT_EQ(message.return_path, "a@x");
  ASSERT_NE(message.header.find("Auto-Submitted"), nullptr);
  EXPECT_EQ(message.header.fields.size(), 5U);
  EXPECT_EQ(message.body, "one\ntwo");
}

TEST(LineEnds, AreLeftAsTheyAreWhereACarriageReturnHereAndThereIsNone) {
  EXPECT_EQ(content_of("A: 1\r2\nB: 3\n\no\rne\ntwo\n"), "[A|1\r2][B|3][o\rne\ntwo\n]");
  EXPECT_EQ(content_of("A: 1\rB: 2\n\n\n"), "[A|1\rB: 2][\n]");
}

TEST(LineEnds, MayHaveADoubledCarriageReturn) {
  EXPECT_EQ(content_of("A: 1\r\r\nB: 3\r\r\n\r\r\nC: 4\r\r\n"), "[A|1][B|3][C: 4\r\r\n]");
}

TEST(ReturnPath, IsTrustedOnTopOnly) {
  const struct {
    const char* what;
    std::string_view text;
    std::optional<std::string> return_path;
  } cases[] = {
      {"on top", "Return-Path: <a@example.org>\nReceived: x\n", "a@example.org"},
      {"in any case", "return-PATH: <a@example.org>\n", "a@example.org"},
      {"CRLF", "Return-Path: <a@example.org>\r\nTo: b\r\n", "a@example.org"},
      {"without brackets", "Return-Path: a@example.org\n", "a@example.org"},
      {"with a comment", "Return-Path: (c) <a@example.org> (c)\n", "a@example.org"},
      {"quoted", "Return-Path: <\"a (b\"@example.org>\n", "\"a (b\"@example.org"},
      {"folded", "Return-Path:\n <a@example.org>\n", "a@example.org"},
      {"null", "Return-Path: <>\n", ""},
      {"MAILER-DAEMON", "Return-Path: <MAILER-DAEMON>\n", ""},
      {"below Delivered-To", "Delivered-To: b@x\nReturn-Path: <a@x>\n", "a@x"},
      {"below X-Original-To", "X-Original-To: b@x\nDelivered-To: b@x\nReturn-Path: <a@x>\n", "a@x"},
      {"below Exim's", "Envelope-to: b@x\nDelivery-date: today\nReturn-path: <a@x>\n", "a@x"},
      {"the first of two", "Return-Path: <a@x>\nReturn-Path: <b@x>\n", "a@x"},
      {"below Received", "Received: x\nReturn-Path: <a@x>\n", kNone},
      {"below From", "From: b@x\nReturn-Path: <a@x>\n", kNone},
      {"below an unknown field", "X: y\nDelivered-To: b@x\nReturn-Path: <a@x>\n", kNone},
      {"in the body", "Delivered-To: b@x\n\nReturn-Path: <a@x>\n", kNone},
      {"as a continuation", "Delivered-To: b@x\n Return-Path: <a@x>\n", kNone},
      {"another field", "Return-Path-2: <a@x>\n", kNone},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    EXPECT_EQ(parse_message(c.text).return_path, c.return_path);
  }
}

TEST(ReturnPath, HasNoSubstitute) {
  EXPECT_EQ(parse_message("From: a@x\nSender: a@x\nReply-To: a@x\nErrors-To: a@x\n").return_path,
            kNone);
}

TEST(MboxLine, NamesTheSenderWhereThereIsNoReturnPath) {
  const struct {
    const char* what;
    std::string_view text;
    std::optional<std::string> return_path;
  } cases[] = {
      {"plain", "From a@example.org Thu Dec 24 17:00:00 2026\nTo: b\n", "a@example.org"},
      {"CRLF", "From a@example.org Thu Dec 24 17:00:00 2026\r\nTo: b\r\n", "a@example.org"},
      {"padded", "From a@example.org  Thu Dec 24 17:00:00 2026\nTo: b\n", "a@example.org"},
      {"without a date", "From a@example.org\nTo: b\n", "a@example.org"},
      {"null", "From <> Thu Dec 24 17:00:00 2026\nTo: b\n", ""},
      {"MAILER-DAEMON", "From MAILER-DAEMON Thu Dec 24 17:00:00 2026\nTo: b\n", ""},
      {"quoted", "From \"a b\"@example.org Thu Dec 24\nTo: b\n", "\"a b\"@example.org"},
      {"with escapes",
       R"(From "a \" b"@example.org Thu)"
       "\nTo: b\n",
       R"("a \" b"@example.org)"},
      {"extension", "From a+tag@example.org Thu\nTo: b\n", "a+tag@example.org"},
      {"like an option", "From -n@example.org Thu\nTo: b\n", "-n@example.org"},
      {"beside Return-Path", "From a@x Thu\nReturn-Path: <b@x>\n", "b@x"},
      {"beside another's", "From a@x Thu\nReceived: x\nReturn-Path: <b@x>\n", "a@x"},
      {"lower down", "To: b\nFrom a@x Thu\n", kNone},
      {"escaped", ">From a@x Thu\nTo: b\n", kNone},
      {"in another case", "FROM a@x Thu\nTo: b\n", kNone},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    EXPECT_EQ(parse_message(c.text).return_path, c.return_path);
  }
}

TEST(MboxLine, IsNoFieldOfTheHeader) {
  const Message message = parse_message("From a@x Thu Dec 24 17:00:00 2026\nTo: b\n");
  ASSERT_EQ(message.header.fields.size(), 1U);
  EXPECT_EQ(message.header.fields[0].name, "To");
}

TEST(MboxLine, IsReadToItsEndWhereAQuoteIsNotClosed) {
  for (const auto text : {"From \"a b@example.org Thu\nTo: b\n"sv, "From \"a\\\nTo: b\n"sv,
                          "From \"\\"sv, "From "sv, "From \n"sv, "From \r\n\r\n"sv}) {
    SCOPED_TRACE(testing::PrintToString(text));
    const Message message = parse_message(text);
    EXPECT_TRUE(message.return_path);
    EXPECT_EQ(message.header.find("From"), nullptr);
  }
}

TEST(Fingerprint, RecognisesTheSameMessageTriedAgain) {
  const auto fingerprint = [](std::string_view text) { return parse_message(text).fingerprint; };
  const std::string first =
      fingerprint("From a@x Thu Dec 24 17:00:00 2026\nTo: b\nDate: d\n\nbody");
  EXPECT_EQ(first, fingerprint("From a@x Thu Dec 24 18:00:00 2026\nTo: b\nDate: d\n\nbody"));
  EXPECT_EQ(first, fingerprint("To: b\nDate: d\n\nbody"));
  EXPECT_NE(first, fingerprint("To: b\nDate: e\n\nbody"));
  EXPECT_FALSE(fingerprint("").empty());
}

TEST(MessageId, IsTheFirstOfItsField) {
  EXPECT_EQ(parse_message("Message-Id: <a@x>\n").message_id(), "<a@x>");
  EXPECT_EQ(parse_message("Message-ID:\r\n <a@x> <b@x>\r\n").message_id(), "<a@x>");
  EXPECT_EQ(parse_message("Message-ID: (c) <a@x> (c)\n").message_id(), "<a@x>");
  EXPECT_EQ(parse_message("Message-ID: a@x\n").message_id(), "<a@x>");
  EXPECT_EQ(parse_message("Message-ID:\nMessage-ID: <b@x>\n").message_id(), "");
  EXPECT_EQ(parse_message("Resent-Message-ID: <a@x>\n").message_id(), "");
  EXPECT_EQ(parse_message("Message-ID: <" + std::string(1000, 'a') + "@x>\n").message_id(), "");
}

TEST(Subject, IsUtf8InOneLine) {
  constexpr struct {
    std::string_view text, subject;
  } kCases[] = {
      {"Subject: hello\n", "hello"},
      {"Subject: hello\n  world\n", "hello  world"},
      {"Subject:\n\n", ""},
      {"Subject: =?utf-8?Q?M=C3=BCll?=\n =?utf-8?Q?er?=\n", "M\u00FCller"},
      {"Subject: M\xFCller\n", "M\u00FCller"},
      {"Subject: =?utf-8?Q?a=0D=0ABcc:_x@y?=\n", "a  Bcc: x@y"},
      {"Subject: =?utf-8?Q?_a=E2=80=A8b=C2=85c=00d_=0A?=\n", "a b c d"},
      {"Subject: a\0b\x1B[31m\n"sv, "a b [31m"},
      {"Subject: one\nSubject: two\n", "one"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::PrintToString(c.text));
    EXPECT_EQ(parse_message(c.text).subject(), c.subject);
  }
}

TEST(Subject, OfRawOctetsIsInTheCharsetThatTheBodyDeclares) {
  const auto subject = [](std::string_view fields, std::string_view body = "") {
    return parse_message("Subject: \xD7\xCF\n" + std::string(fields) + "\n" + std::string(body))
        .subject();
  };
  const std::string russian = "\u0432\u043E";
  EXPECT_EQ(subject("Content-Type: text/plain; charset=koi8-r\n"), russian);
  EXPECT_EQ(subject("Content-Type: multipart/mixed; boundary=b\n",
                    "--b\nContent-Type: image/png\n\nx\n--b\nContent-Type: text/html; "
                    "charset=\"KOI8-R\"\n\nx\n--b--\n"),
            russian);
  EXPECT_EQ(subject("Content-Type: text/plain; charset=utf-8\n"), "\u00D7\u00CF");
  EXPECT_EQ(subject(""), "\u00D7\u00CF");
  EXPECT_EQ(
      parse_message("Subject: \u0432\nContent-Type: text/plain; charset=koi8-r\n\n").subject(),
      "\u0432");
}

TEST(HeaderBound, LetsALongBlockBeSeenToItsLimit) {
  const std::string text = "Subject: seen\n" + header_block(kMaxHeaderOctets) + "Subject: late\n\n";
  const Message message = parse_message(text);
  EXPECT_TRUE(message.header_truncated);
  EXPECT_EQ(message.subject(), "seen");
  std::size_t octets = 0;
  for (const auto& field : message.header.fields) {
    octets += field.name.size() + field.body.size();
  }
  EXPECT_LE(octets, kMaxHeaderOctets);
  EXPECT_GT(octets, kMaxHeaderOctets * 9 / 10);
}

TEST(HeaderBound, IsNotPassedByABlockOfExactlyThatLength) {
  for (const std::string_view behind : {"", "\n", "\nbody", "\r\nbody"}) {
    SCOPED_TRACE(testing::PrintToString(behind));
    const std::string text = header_block(kMaxHeaderOctets) + std::string(behind);
    EXPECT_FALSE(parse_message(text).header_truncated);
    EXPECT_FALSE(read_through_pipe(text, text.size()).message.header_truncated);
  }
  EXPECT_TRUE(parse_message(header_block(kMaxHeaderOctets + 1)).header_truncated);
  EXPECT_TRUE(parse_message(header_block(kMaxHeaderOctets) + "X").header_truncated);
}

TEST(HeaderBound, IsNotPassedByALongBody) {
  const Message message = parse_message("A: 1\n\n" + std::string(4 * kMaxHeaderOctets, 'x'));
  EXPECT_FALSE(message.header_truncated);
  EXPECT_EQ(message.header.fields.size(), 1U);
}

TEST(HeaderBound, HoldsForASingleField) {
  const Message message = parse_message("A: " + std::string(4 * kMaxHeaderOctets, 'x'));
  EXPECT_TRUE(message.header_truncated);
  ASSERT_EQ(message.header.fields.size(), 1U);
  EXPECT_LT(message.header.fields[0].body.size(), kMaxHeaderOctets);
}

TEST(ReadMessage, MeansTheSameAsParseMessage) {
  const std::string texts[] = {
      "",
      "\n",
      "From a@x Thu\nTo: b\nSubject: hi\n\nbody\n",
      "Return-Path: <a@x>\r\nSubject: hi\r\n\r\nbody\r\n",
      "Subject: hi" + std::string(70'000, ' ') + "there\n\nbody",
      header_block(2 * kMaxHeaderOctets) + "\nbody",
  };
  for (const auto& text : texts) {
    const Message expected = parse_message(text);
    for (const std::size_t chunk : {std::size_t{1000}, std::size_t{65536}}) {
      const Message message = read_through_pipe(text, chunk).message;
      EXPECT_EQ(message.fingerprint, expected.fingerprint);
      EXPECT_EQ(message.return_path, expected.return_path);
      EXPECT_EQ(message.subject(), expected.subject());
      EXPECT_EQ(message.header_truncated, expected.header_truncated);
      EXPECT_EQ(message.header.fields.size(), expected.header.fields.size());
    }
  }
}

TEST(ReadMessage, TakesOctetsAsTheyTrickleIn) {
  const Message message = read_through_pipe("Subject: hi\r\n\r\nbody", 1).message;
  EXPECT_EQ(message.subject(), "hi");
}

TEST(ReadMessage, ReadsThePipeToItsEnd) {
  // A mail server that cannot write all of the message takes the delivery for failed.
  const std::string body(std::size_t{3} * 1024 * 1024, 'x');
  EXPECT_EQ(read_through_pipe("A: 1\n\n" + body, 65536).written, 6 + body.size());
  EXPECT_EQ(read_through_pipe("A: " + body, 65536).written, 3 + body.size());
}

TEST(ReadMessage, ReadsTheFileToItsEnd) {
  const TemporaryFolder folder;
  const std::string text = header_block(2 * kMaxHeaderOctets) + "\n" + std::string(2'000'000, 'x');
  const File file(folder.write("message", text));
  const Message message = read_message(file.get());
  EXPECT_TRUE(message.header_truncated);
  EXPECT_EQ(file.position(), text.size());
}

TEST(ReadMessage, SaysWhyItCannotRead) {
  const TemporaryFolder folder;
  const File directory(folder.path());
  for (const int descriptor : {-1, directory.get()}) {
    try {
      (void)read_message(descriptor);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kInput);
      EXPECT_TRUE(std::string_view(error.what()).starts_with("cannot read the message: "));
    }
  }
}

}  // namespace
}  // namespace inforeply
