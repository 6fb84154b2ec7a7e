#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "hostile_text.hpp"
#include "inforeply/text.hpp"
#include "reply/composer.hpp"
#include "reply/reply_reader.hpp"
#include "reply/reply_scene.hpp"
#include "responder/responder_desk.hpp"

namespace inforeply {
namespace {

using test::decode_text;
using test::Desk;
using test::lines_of;
using test::read_reply;
using test::Received;
using test::Scene;
using test::Strings;

constexpr std::string_view kBlockquote = "<blockquote type=\"cite\">\n";

/// What a sender has no say in: of a harmless and a hostile message it is the same.
struct Frame {
  Strings fields;
  std::string shape;
  Strings parts;  ///< of each leaf what the sender's values leave alone
  bool operator==(const Frame&) const = default;
};

std::string count(std::string_view text, char c) {
  return std::to_string(std::count(text.begin(), text.end(), c));
}

/// How many marks the HTML has around the quote; it throws where the quote holds any but line
/// breaks.
std::string tags_of(std::string html) {
  constexpr std::string_view kEnd = "</blockquote>\n";
  const auto begin = html.find(kBlockquote);
  if (begin != std::string::npos) {
    const auto end = html.find(kEnd, begin);
    test::require(end != std::string::npos, "a quote without its end");
    std::string inside = html.substr(begin + kBlockquote.size(), end - begin - kBlockquote.size());
    for (auto at = inside.find("<br>\n"); at != std::string::npos; at = inside.find("<br>\n"))
      inside.erase(at, 5);
    test::require(inside.find_first_of("<>\"\n") == std::string::npos, "markup in a quote");
    html.erase(begin, end + kEnd.size() - begin);
  }
  return count(html, '<') + " " + count(html, '>') + " " + count(html, '"') + " " +
         count(html, '\n');
}

void add_parts(const Received& entity, Frame& frame) {
  for (const auto& part : entity.parts)
    add_parts(part, frame);
  if (!entity.parts.empty()) return;
  const std::string type = entity.type();
  if (type == "text/html") {
    frame.parts.push_back(type + " " + tags_of(entity.text()));
  } else if (type == "text/plain") {
    const std::string text = entity.text_and_quote().first;
    std::string labels;
    for (const auto& line : lines_of(text)) {
      test::require(line == to_single_line(line), "a line with control characters");
      labels += line.substr(0, 1);
    }
    // An empty line, which a quote may have above it, adds nothing.
    frame.parts.push_back(type + " " + labels);
  } else if (type == "text/calendar") {
    frame.parts.push_back(type + " " + count(entity.text(), '\n'));
  } else {
    frame.parts.push_back(type + " " + entity.octets());
  }
}

Frame frame_of(std::string_view octets) {
  const Received reply = read_reply(octets);
  for (const char* name : {"Subject", "X-About"}) {
    if (!reply.has(name)) continue;
    const std::string text = decode_text(reply[name]);
    test::require(text == to_single_line(text), "a field of more than a line");
  }
  test::require(test::read_mailbox(reply["To"]).address == "alice@example.net", "another To");
  test::require(test::read_mailbox(reply["From"]).address == "info@example.org", "another From");
  Frame frame{reply.names(), reply.shape(), {}};
  // These tell whether the message has a Message-ID, and which language it asks for.
  for (const char* name : {"In-Reply-To", "References", "Content-Language"})
    std::erase(frame.fields, name);
  add_parts(reply, frame);
  return frame;
}

constexpr std::string_view kText =
    "S ${subject}\nF ${sender}\nN ${sender_name}\nR ${recipient}\nD ${date}\nA ${active_from}\n"
    "U ${active_until}\nM ${message_id}\n";
constexpr std::string_view kHtml =
    "<html><body title=\"${subject}\">\n<p>${subject}${sender}${sender_name}</p>\n"
    "<a href=\"mailto:${sender}\" title='${sender_name}'>${recipient}${date}</a>\n"
    "<p>${message_id}${active_from}${active_until}</p></body>\n";

class HostileDesk : public Desk {
 public:
  HostileDesk() {
    write("a.txt", kText);
    write("a.html", kHtml);
    write("logo.html", "<body><img src=\"cid:logo.png\">${subject}</body>\n");
    write("logo.png", "\x89PNG");
    write("reply.eml",
          "Subject: Zu: ${subject} ${sender_name}\nX-About: ${subject} ${message_id} ${sender}\n"
          "Organization: ${sender_name}\nContent-Type: multipart/mixed; boundary=boundary\n\n"
          "--boundary\nContent-Type: multipart/alternative; boundary=inner\n\n--inner\n\n" +
              std::string(kText) + "\n--inner\nContent-Type: text/html; charset=utf-8\n\n" +
              std::string(kHtml) +
              "\n--inner\nContent-Type: text/calendar\n\nSUMMARY:${subject}\nEND:${sender_name}\n"
              "\n--inner--\n--boundary\nContent-Type: application/pdf\n\n${subject}\n"
              "\n--boundary--\n");
  }
};

const Strings kReplies = {
    "text = a.txt\nsubject = ${subject} ${sender_name} ${message_id}\nquote = headers\n",
    "text = a.txt\nhtml = a.html\nattach = logo.png\nquote = 20\n",
    "text = a.txt\nhtml = logo.html\ninline = logo.png\nquote = headers\n",
    "text = a.txt\nhtml = a.html\ntext.de = a.txt\nhtml.de = a.html\nsubject.de = Zu: ${subject}\n"
    "languages = all\nquote = 3\n",
    "text.de = a.txt\ntext.fr = a.txt\nquote = 1\n",
    "template = reply.eml\nquote = 3\nattach = logo.png\n"};

class ComposerHostile : public ::testing::TestWithParam<std::string> {
 protected:
  ComposerHostile() {
    scene_.responder =
        desk_.load("active-from = 2026-12-24\nactive-until = 2026-12-31\n" + GetParam());
    scene_.reply = load_reply(scene_.responder, scene_.responder.reply,
                              scene_.responder.schedule.period_near({}));
  }
  HostileDesk desk_;
  Scene scene_;
};

TEST_P(ComposerHostile, NoMessageChangesTheFrameOfTheReply) {
  scene_.body = "Hello\n";
  const Frame harmless = frame_of(scene_.compose_text());
  std::mt19937 random(3834);
  for (int round = 0; round < 800; ++round) {
    const std::string message = test::hostile_message(random);
    try {
      const Frame frame = frame_of(scene_.compose_for(parse_message(message)));
      EXPECT_EQ(frame.fields, harmless.fields);
      EXPECT_EQ(frame.shape, harmless.shape);
      EXPECT_EQ(frame.parts, harmless.parts);
    } catch (const test::BadReply& error) {
      ADD_FAILURE() << error.what();
    }
    ASSERT_FALSE(HasFailure()) << "in round " << round << ":\n" << testing::PrintToString(message);
  }
}

TEST_P(ComposerHostile, NoValuePastTheParserChangesItEither) {
  const Frame harmless = frame_of(scene_.compose_text());
  std::mt19937 random(5322);
  for (int round = 0; round < 400; ++round) {
    Message message = parse_message(scene_.header + "\nHello\n");
    for (auto& field : message.header.fields) {
      const std::string text = test::hostile_text(random);
      if (field.name == "From") field.body = "\"" + text + "\" <alice@example.net>";
      if (field.name == "Subject") field.body = text;
      if (field.name == "Message-ID") field.body = "<" + text + "@example.net>";
    }
    try {
      EXPECT_TRUE(frame_of(scene_.compose_for(message)) == harmless);
    } catch (const test::BadReply& error) {
      ADD_FAILURE() << error.what();
    }
    ASSERT_FALSE(HasFailure()) << "in round " << round;
  }
}

TEST_P(ComposerHostile, ABoundaryThatTheSenderForesawIsNotTaken) {
  const Frame harmless = frame_of(scene_.compose_text());
  for (int round = 0; round < 5; ++round) {
    const std::string octets = scene_.compose_text();
    constexpr std::string_view kMark = " boundary=\"";
    for (auto at = octets.find(kMark); at != std::string::npos; at = octets.find(kMark, at + 1)) {
      const auto begin = at + kMark.size();
      const auto boundary = octets.substr(begin, octets.find('"', begin) - begin);
      scene_.body = "--" + boundary + "--\n" + scene_.body;
      scene_.header = "From: Alice <alice@example.net>\nMessage-ID: <1@example.net>\nSubject: --" +
                      boundary + "\n";
    }
    EXPECT_TRUE(frame_of(scene_.compose_text()) == harmless);
  }
}

INSTANTIATE_TEST_SUITE_P(Replies, ComposerHostile, ::testing::ValuesIn(kReplies),
                         [](const auto& reply) { return std::to_string(reply.index); });

}  // namespace
}  // namespace inforeply
