#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "reply/composer.hpp"
#include "reply/reply_reader.hpp"
#include "reply/reply_scene.hpp"

namespace inforeply {
namespace {

using namespace std::string_literals;
using test::BadReply;
using test::decode_text;
using test::lines_of;
using test::read_mailbox;
using test::read_reply;
using test::Received;
using test::Scene;
using test::Strings;
using test::text_template;

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
  scene.reply.extra_fields.push_back({"X-About", text_template("${subject}")});
  scene.text() =
      text_template("Subject: ${subject}\nName: ${sender_name}\nMessage: ${message_id}\nend\n");
  const Strings names = scene.received().names();
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
        const Received reply = read_reply(octets);
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
        const Received reply = scene.received();
        EXPECT_FALSE(reply.has("Bcc"));
        EXPECT_EQ(read_mailbox(reply["To"]).address, "alice@example.net");
      }) << scene.header.substr(0, 80);
    }
  }
}

}  // namespace
}  // namespace inforeply
