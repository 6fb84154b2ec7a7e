// The scene of a reply: a message, the responder and what it answers.
#pragma once

#include <string>
#include <string_view>

#include "fixtures.hpp"
#include "reply/composer.hpp"
#include "reply/reply_reader.hpp"

namespace inforeply::test {

constexpr Time kChristmasEve{Seconds{1'798'135'200}};  // 2026-12-24T18:00:00Z

inline TextTemplate text_template(std::string_view text) {
  return {text, "test", 1};
}

/// A reply of one text.
inline Reply plain_reply() {
  Reply reply;
  reply.settings.file = "info.conf";
  reply.texts.push_back(
      {{}, text_template("Auto: ${subject}"), text_template("We are closed.\n"), {}, {}});
  reply.handle = "closed";
  return reply;
}

struct Scene {
  std::string header =
      "From: Alice <alice@example.net>\nTo: info@example.org\nSubject: Opening hours\n"
      "Message-ID: <1@example.net>\n";
  std::string body = "Hello\n";
  Responder responder{};
  Reply reply = plain_reply();
  Sender sender{"alice@example.net"};
  Address recipient = address("info@example.org");
  std::string responder_id = "info@example.org";
  Time now = kChristmasEve;

  /// Those of the first language.
  [[nodiscard]] TextTemplate& text() { return reply.texts.front().text.emplace(); }
  [[nodiscard]] TextTemplate& html() { return reply.texts.front().html.emplace(); }

  [[nodiscard]] std::string compose_for(const Message& message) const {
    return compose({message, responder, reply, sender, recipient, responder_id, now});
  }
  [[nodiscard]] std::string compose_text() const {
    return compose_for(parse_message(header + "\n" + body));
  }
  [[nodiscard]] Received received() const { return read_reply(compose_text()); }
};

inline Received reply_with_text(std::string_view text) {
  Scene scene;
  scene.text() = text_template(text);
  return scene.received();
}

}  // namespace inforeply::test
