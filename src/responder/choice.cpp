#include "responder/choice.hpp"

#include <algorithm>

#include "inforeply/text.hpp"

namespace inforeply {

Choice choose_reply(const Responder& responder, const Message& message, const Sender& sender,
                    Time now) {
  Choice choice{&responder.reply, {}, responder.schedule.period_near(now)};
  ConditionInput input(message, sender, now);
  for (const auto& section : responder.sections) {
    choice.sections.push_back({&section.reply, evaluate(section.conditions, input)});
    if (!choice.sections.back().result.hit) continue;
    choice.reply = &section.reply;
    choice.period = common(choice.period, choice.sections.back().result.period);
    break;
  }
  return choice;
}

std::string explain(const Choice& choice) {
  if (choice.sections.empty()) return {};
  std::string text;
  std::size_t width = 0;
  for (const auto& section : choice.sections)
    width = std::max(width, section.reply->section.size());
  for (const auto& section : choice.sections) {
    const std::string name = "[when " + section.reply->section + "]";
    text += name + std::string(width + 2 - section.reply->section.size(), ' ') +
            (section.result.hit ? "HIT   " : "pass  ") + to_single_line(section.result.why) + "\n";
  }
  const auto& reply = *choice.reply;
  if (reply.section.empty()) return text + "No section hits: the reply is the responder's own.\n";
  return text + "The reply is that of [when " + reply.section + "] in " + reply.file + ":" +
         std::to_string(reply.line) + ".\n";
}

}  // namespace inforeply
