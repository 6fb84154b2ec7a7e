// What tests of the decision share: a letter that is due an answer, and what is decided on it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decision/decision.hpp"
#include "fixtures.hpp"

namespace inforeply::test {

constexpr Time kNow{Seconds{1'798'135'200}};  // 2026-12-24T18:00:00Z

using Fields = std::vector<std::string>;

/// All that a decision rests on, to begin with a letter that is due an answer.
struct Situation {
  std::string sender = "alice@example.net";
  Fields fields = {"From: Alice <alice@example.net>", "To: info@example.org",
                   "Subject: Opening hours", "Message-ID: <1@example.net>"};
  std::string body = "Hello\n";
  Responder responder{};
  bool has_responder = true;
  std::vector<Address> own = {address("info@example.org")};
  std::string delimiters = "+";
  Time now = kNow;
  std::vector<std::string> trusted_authserv{};
  std::optional<Seconds> give_up_after{};

  [[nodiscard]] std::string text(std::string_view line_end = "\n") const {
    std::string result;
    for (const auto& field : fields)
      result.append(field).append(line_end);
    return result.append(line_end) + body;
  }
};

inline Decision decide_message(const Situation& situation, std::string_view text) {
  const Message message = parse_message(text);
  const Sender sender(situation.sender);
  return decide({message, sender, situation.has_responder ? &situation.responder : nullptr,
                 situation.own, situation.delimiters, situation.now, situation.trusted_authserv,
                 situation.give_up_after});
}

inline Decision decide_on(const Situation& situation) {
  return decide_message(situation, situation.text());
}

/// The code of the reason, or "reply".
inline std::string verdict_of(const Decision& decision) {
  return decision.suppressed ? std::string(code_of(*decision.suppressed)) : "reply";
}

inline std::string verdict(const Situation& situation) {
  return verdict_of(decide_on(situation));
}

/// The verdict on the letter with one more field.
inline std::string verdict_with(const std::string& field) {
  Situation situation;
  situation.fields.push_back(field);
  return verdict(situation);
}

}  // namespace inforeply::test
