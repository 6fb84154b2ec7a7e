#include "decision/explanation.hpp"

#include <algorithm>

namespace inforeply {
namespace {

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed:
      return "pass";
    case Outcome::kHit:
      return "HIT";
    case Outcome::kIgnored:
      return "ignored";
    case Outcome::kNotAsked:
      return "not asked";
    case Outcome::kLeftToCache:
      break;
  }
  return "cache";
}

std::string padded(std::string_view text, std::size_t width) {
  std::string result(text);
  result.resize(std::max(width, result.size() + 2), ' ');
  return result;
}

}  // namespace

std::string explain(const Decision& decision, std::string_view responder_file) {
  constexpr std::size_t kSourceWidth = 32;
  std::string text = padded("rule", 20) + padded("", 6) + padded("outcome", 11) +
                     padded("source", kSourceWidth) + "looks whether\n";
  std::string conclusion =
      "Due an answer, unless the cache knows that the sender was answered or a limit is reached.\n";
  for (const auto& result : decision.results) {
    text += padded(code_of(result.reason), 20) + padded(result.hard ? "hard" : "soft", 6) +
            padded(name_of(result.outcome), 11) + padded(result.source, kSourceWidth);
    text += result.hits_when;
    if (!result.evidence.empty()) text += ": " + result.evidence;
    text += '\n';
    if (result.outcome != Outcome::kHit) continue;
    conclusion = "Not answered: " + std::string(result.hits_when) +
                 (result.evidence.empty() ? "" : " (" + result.evidence + ")") + ".\n";
    if (result.reason == Reason::kLate) {
      conclusion +=
          "To ask about an old message, put 'give-up-after = none' into the configuration, or "
          "name the time with --now.\n";
    }
    if (result.hard) continue;
    if (result.reason == Reason::kNotAddressed) {
      conclusion += "If it came by another address of the recipient, name that by 'address = '.\n";
    }
    conclusion += "To answer such messages all the same, put 'ignore = " +
                  std::string(code_of(result.reason)) + "' into " + std::string(responder_file) +
                  "\n";
  }
  return text + conclusion;
}

}  // namespace inforeply
