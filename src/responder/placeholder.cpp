#include "responder/placeholder.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::array<std::string_view, kPlaceholderCount> kNames = {
    "subject",     "sender",       "sender_name", "recipient", "date",
    "active_from", "active_until", "next_open",   "message_id"};

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

/// Texts are far below 4 GiB.
std::uint32_t offset(std::size_t octets) {
  return static_cast<std::uint32_t>(octets);
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
  Content content;
  content.text.reserve(text.size());
  const auto end_piece = [&](const Mention& mention) {
    const auto end = content.text.size();
    content.text += mention.fallback.value_or("");
    content.pieces.push_back({offset(end), offset(content.text.size()), offset(line),
                              mention.placeholder, mention.fallback.has_value()});
  };
  while (!text.empty()) {
    std::size_t taken = 1;
    if (text.starts_with("$$")) {
      content.text += '$';
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
      content.text += text.front();
    }
    text.remove_prefix(taken);
  }
  content_ = std::make_shared<const Content>(std::move(content));
}

template <typename Literal, typename Mention>
void TextTemplate::visit(const Literal& on_literal, const Mention& on_mention) const {
  if (!content_) return;
  const std::string_view text = content_->text;
  std::size_t begin = 0;
  for (const auto& piece : content_->pieces) {
    on_literal(text.substr(begin, piece.end - begin));
    const auto fallback = text.substr(piece.end, piece.fallback_end - piece.end);
    on_mention(piece, piece.has_fallback ? std::optional(fallback) : std::nullopt);
    begin = piece.fallback_end;
  }
  on_literal(text.substr(begin));
}

std::string TextTemplate::expand(const PlaceholderValues& values) const {
  return *expand_within(std::string::npos, values);
}

std::optional<std::string> TextTemplate::expand_within(std::size_t max_octets,
                                                       const PlaceholderValues& values) const {
  std::string result;
  bool fits = true;
  const auto add = [&](std::string_view text) {
    fits = fits && text.size() <= max_octets - result.size();
    if (fits) result += text;
  };
  visit(add, [&](const Piece& piece, const std::optional<std::string_view>& fallback) {
    const std::string& value = values[piece.placeholder];
    const bool is_name = piece.placeholder == Placeholder::kSenderName;
    const std::string& otherwise = values[is_name ? Placeholder::kSender : piece.placeholder];
    add(value.empty() ? fallback.value_or(otherwise) : value);
  });
  return fits ? std::optional(std::move(result)) : std::nullopt;
}

bool TextTemplate::is_blank() const {
  return !content_ || (content_->pieces.empty() && trim(content_->text).empty());
}

std::optional<std::string> TextTemplate::literal() const {
  if (!content_) return std::string();
  return content_->pieces.empty() ? std::optional(content_->text) : std::nullopt;
}

std::string TextTemplate::form() const {
  constexpr char kNotInUtf8 = '\xFF';
  std::string result;
  visit([&](std::string_view literal) { result += literal; },
        [&](const Piece& piece, const std::optional<std::string_view>& fallback) {
          result += static_cast<char>(piece.placeholder);
          if (fallback) result.append(1, kNotInUtf8).append(*fallback).append(1, kNotInUtf8);
        });
  return result;
}

std::optional<std::size_t> TextTemplate::line_without_fallback(Placeholder placeholder) const {
  if (!content_) return std::nullopt;
  for (const auto& piece : content_->pieces) {
    if (piece.placeholder == placeholder && !piece.has_fallback) return piece.line;
  }
  return std::nullopt;
}

}  // namespace inforeply
