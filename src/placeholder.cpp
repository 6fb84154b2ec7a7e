#include "inforeply/placeholder.hpp"

#include <algorithm>
#include <optional>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::array<std::string_view, kPlaceholderCount> kNames = {
    "subject", "sender",      "sender_name",  "recipient",
    "date",    "active_from", "active_until", "message_id"};

constexpr std::string_view kVacationSubject = "$SUBJECT";  // of BSD vacation's message files

std::optional<Placeholder> placeholder_of(std::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Placeholder>(found - kNames.begin());
}

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool begins_with_vacation_subject(std::string_view text) {
  return text.starts_with(kVacationSubject) && (text.size() == kVacationSubject.size() ||
                                                !is_name_character(text[kVacationSubject.size()]));
}

}  // namespace

TextTemplate::TextTemplate(std::string_view text, const std::string& file, std::size_t line,
                           const FaultHandler& on_fault) {
  std::string literal;
  const auto end_piece = [&](Placeholder placeholder) {
    pieces_.push_back({std::move(literal), true, placeholder, line});
    literal.clear();
  };
  while (!text.empty()) {
    std::size_t taken = 1;
    if (text.starts_with("$$")) {
      literal += '$';
      taken = 2;
    } else if (text.starts_with("${")) {
      const auto end = text.find_first_of("}\n");
      if (end == std::string_view::npos || text[end] != '}') {
        on_fault(ConfigError(file, line, "'${' without '}' (write '$$' for a dollar)"));
        text.remove_prefix(2);
        continue;
      }
      const auto name = text.substr(2, end - 2);
      if (const auto placeholder = placeholder_of(name)) {
        end_piece(*placeholder);
      } else {
        on_fault(ConfigError(file, line, "unknown placeholder '${" + to_single_line(name) + "}'"));
      }
      taken = end + 1;
    } else if (begins_with_vacation_subject(text)) {
      end_piece(Placeholder::kSubject);
      taken = kVacationSubject.size();
    } else {
      if (text.front() == '\n') ++line;
      literal += text.front();
    }
    text.remove_prefix(taken);
  }
  pieces_.push_back({std::move(literal), false, {}, line});
}

std::string TextTemplate::expand(const PlaceholderValues& values) const {
  std::string result;
  for (const auto& piece : pieces_) {
    result += piece.literal;
    if (piece.followed_by_placeholder) result += values[piece.placeholder];
  }
  return result;
}

bool TextTemplate::is_blank() const {
  return std::all_of(pieces_.begin(), pieces_.end(), [](const Piece& piece) {
    return !piece.followed_by_placeholder && trim(piece.literal).empty();
  });
}

std::optional<std::size_t> TextTemplate::line_of(Placeholder placeholder) const {
  for (const auto& piece : pieces_) {
    if (piece.followed_by_placeholder && piece.placeholder == placeholder) return piece.line;
  }
  return std::nullopt;
}

}  // namespace inforeply
