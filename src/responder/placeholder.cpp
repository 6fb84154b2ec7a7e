#include "responder/placeholder.hpp"

#include <algorithm>
#include <optional>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::array<std::string_view, kPlaceholderCount> kNames = {
    "subject", "sender",      "sender_name",  "recipient",
    "date",    "active_from", "active_until", "message_id"};

constexpr std::string_view kFallbackMark = ":-";           // as in a shell
constexpr std::string_view kVacationSubject = "$SUBJECT";  // of BSD vacation's message files

std::optional<Placeholder> placeholder_of(std::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Placeholder>(found - kNames.begin());
}

bool is_name_character(char c) {
  return is_letter_or_digit(c) || c == '_';
}

bool begins_with_vacation_subject(std::string_view text) {
  return text.starts_with(kVacationSubject) && (text.size() == kVacationSubject.size() ||
                                                !is_name_character(text[kVacationSubject.size()]));
}

/// A placeholder as it is written between `${` and `}`.
struct Mention {
  Placeholder placeholder;
  std::optional<std::string> fallback;
};

/// Throws ConfigError.
Mention parse_mention(std::string_view inside, const std::string& file, std::size_t line) {
  const auto mark = inside.find(kFallbackMark);
  const auto name = inside.substr(0, mark);
  const auto placeholder = placeholder_of(name);
  if (!placeholder) {
    throw ConfigError(file, line, "unknown placeholder '${" + to_single_line(name) + "}'");
  }
  if (mark == std::string_view::npos) return {*placeholder, std::nullopt};
  const auto fallback = inside.substr(mark + kFallbackMark.size());
  const std::string what = "what stands for '${" + std::string(name) + "}' behind ':-'";
  if (fallback.find("${") != std::string_view::npos) {
    throw ConfigError(file, line, what + ": no placeholder may be in it");
  }
  if (fallback.size() > kMaxFallbackOctets) {
    throw ConfigError(file, line,
                      what + ": over " + std::to_string(kMaxFallbackOctets) + " octets");
  }
  return {*placeholder, std::string(fallback)};
}

}  // namespace

TextTemplate::TextTemplate(std::string_view text, const std::string& file, std::size_t line,
                           const FaultHandler& on_fault) {
  std::string literal;
  const auto end_piece = [&](Mention mention) {
    pieces_.push_back(
        {std::move(literal), true, mention.placeholder, std::move(mention.fallback), line});
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
      collect_fault(on_fault,
                    [&] { end_piece(parse_mention(text.substr(2, end - 2), file, line)); });
      taken = end + 1;
    } else if (begins_with_vacation_subject(text)) {
      end_piece({Placeholder::kSubject, std::nullopt});
      taken = kVacationSubject.size();
    } else {
      if (text.front() == '\n') ++line;
      literal += text.front();
    }
    text.remove_prefix(taken);
  }
  pieces_.push_back({std::move(literal), false, {}, {}, line});
}

std::string TextTemplate::expand(const PlaceholderValues& values) const {
  std::string result;
  for (const auto& piece : pieces_) {
    result += piece.literal;
    if (!piece.followed_by_placeholder) continue;
    const std::string& value = values[piece.placeholder];
    const bool is_name = piece.placeholder == Placeholder::kSenderName;
    const std::string& otherwise = piece.fallback
                                       ? *piece.fallback
                                       : values[is_name ? Placeholder::kSender : piece.placeholder];
    result += value.empty() ? otherwise : value;
  }
  return result;
}

bool TextTemplate::is_blank() const {
  return std::all_of(pieces_.begin(), pieces_.end(), [](const Piece& piece) {
    return !piece.followed_by_placeholder && trim(piece.literal).empty();
  });
}

std::string TextTemplate::form() const {
  constexpr char kNotInUtf8 = '\xFF';
  std::string result;
  for (const auto& piece : pieces_) {
    result += piece.literal;
    if (!piece.followed_by_placeholder) continue;
    result += static_cast<char>(piece.placeholder);
    if (piece.fallback) result += kNotInUtf8 + *piece.fallback + kNotInUtf8;
  }
  return result;
}

std::optional<std::size_t> TextTemplate::line_without_fallback(Placeholder placeholder) const {
  for (const auto& piece : pieces_) {
    const bool is_it = piece.followed_by_placeholder && piece.placeholder == placeholder;
    if (is_it && !piece.fallback) return piece.line;
  }
  return std::nullopt;
}

}  // namespace inforeply
