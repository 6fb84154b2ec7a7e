// A folder in which responder files are written and loaded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "delivery/config_check.hpp"
#include "fixtures.hpp"
#include "reply/reply.hpp"
#include "responder/responder.hpp"
#include "responder/responder_file.hpp"

namespace inforeply::test {

/// Every `${name}` as "<name>".
inline PlaceholderValues named_values() {
  PlaceholderValues values;
  values[Placeholder::kSubject] = "<subject>";
  values[Placeholder::kSender] = "<sender>";
  values[Placeholder::kSenderName] = "<sender_name>";
  values[Placeholder::kRecipient] = "<recipient>";
  values[Placeholder::kDate] = "<date>";
  values[Placeholder::kActiveFrom] = "<active_from>";
  values[Placeholder::kActiveUntil] = "<active_until>";
  values[Placeholder::kNextOpen] = "<next_open>";
  values[Placeholder::kMessageId] = "<message_id>";
  return values;
}

inline std::string expanded(const TextTemplate& text) {
  return text.expand(named_values());
}

/// Has a text file, "text.txt", to begin with.
class Desk {
 public:
  Desk() { write("text.txt", "We are closed.\n"); }

  void write(const std::string& name, std::string_view content) const {
    static_cast<void>(folder_.write(name, content));
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }

  [[nodiscard]] Responder load(const std::string& content) const {
    return load_responder(folder_.write("info.conf", content));
  }
  [[nodiscard]] Responder load_with_text(const std::string& settings) const {
    return load("text = text.txt\n" + settings);
  }
  /// The responder's own reply.
  [[nodiscard]] Reply reply(const std::string& content) const {
    const Responder responder = load(content);
    return load_reply(responder, responder.reply, responder.schedule.period_near({}));
  }
  [[nodiscard]] Reply reply_with_text(const std::string& settings) const {
    return reply("text = text.txt\n" + settings);
  }
  [[nodiscard]] Reply reply_with_template(std::string_view content,
                                          const std::string& settings = {}) const {
    write("reply.eml", content);
    return reply("template = reply.eml\n" + settings);
  }

  /// The first fault in "info.conf" of this content or in a file of its own reply, without the
  /// folder's name; empty where there is none.
  [[nodiscard]] std::string fault(const std::string& content) const {
    try {
      static_cast<void>(reply(content));
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.fault(), Fault::kConfiguration);
      return relative(error.what());
    }
    return {};
  }
  [[nodiscard]] std::string template_fault(std::string_view content) const {
    write("reply.eml", content);
    return fault("template = reply.eml\n");
  }

  /// All that check_responder finds, in its order.
  [[nodiscard]] std::vector<std::string> faults(const std::string& content) const {
    return check(content, true);
  }
  [[nodiscard]] std::vector<std::string> notes(const std::string& content) const {
    return check(content, false);
  }

 private:
  [[nodiscard]] std::vector<std::string> check(const std::string& content, bool faults) const {
    std::vector<std::string> texts;
    const auto collect = [&](const ConfigError& fault) { texts.push_back(relative(fault.what())); };
    const FaultHandler ignore = pass_over;
    const Time now{Seconds{1'800'000'000}};  // 2027-01-15
    check_responder(folder_.write("info.conf", content), now,
                    faults ? FaultHandler(collect) : ignore,
                    faults ? ignore : FaultHandler(collect));
    return texts;
  }
  [[nodiscard]] std::string relative(std::string text) const {
    const std::string prefix = folder_.path() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
      text.erase(at, prefix.size());
    }
    return text;
  }
  TemporaryFolder folder_;
};

}  // namespace inforeply::test
