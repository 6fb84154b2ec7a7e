#include "reply/quote.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "inforeply/text.hpp"
#include "mail/body_text.hpp"
#include "mail/encoded_word.hpp"

namespace inforeply {
namespace {

constexpr std::string_view kMark = "> ";
constexpr std::string_view kEllipsis = "\u2026";
constexpr std::string_view kMore = " \u2026";  // after a whole line
constexpr std::array<std::string_view, 5> kQuotedFields = {"From", "To", "Date", "Subject",
                                                           "Message-ID"};

using Lines = std::vector<std::string>;

/// One line that does not disturb the text around it. Leading blanks stay, trailing ones go.
std::string sanitized_line(std::string_view text) {
  auto line = shown_safely(text);
  line.resize(line.find_last_not_of(' ') + 1);
  return line;
}

Lines quoted_fields(const Message& message) {
  Lines lines;
  for (const auto name : kQuotedFields) {
    const std::string* body = message.header.find(name);
    const auto text = body == nullptr ? std::string{} : sanitized_line(message.decoded(*body));
    if (text.empty()) continue;
    lines.push_back(std::string(name) + ": " + ellipsize(trim(text), kMaxQuotedFieldCharacters));
  }
  return lines;
}

/// At most `max_octets` of valid UTF-8. Ends in kMore, or in an ellipsis if words are cut. There
/// must be room for kMore.
std::string cut_to(std::string_view line, std::size_t max_octets) {
  const auto room = max_octets - kMore.size();
  std::size_t octets = 0;
  std::size_t characters = 0;  // that fit beside the ellipsis
  while (octets < line.size()) {
    octets += std::max<std::size_t>(next_character(line.substr(octets)).second, 1);
    if (octets > room) break;
    ++characters;
  }
  if (characters == 0) return std::string(kEllipsis);
  return octets <= room ? std::string(line) + std::string(kMore) : ellipsize(line, characters);
}

/// The mark of a signature, `-- `. Its trailing blank is gone, perhaps taken by a mail server.
bool is_signature_mark(std::string_view line) {
  return line == "--";
}

/// The sender's own lines, first to last and sanitized: no quotes, no blank lines, no signature.
class OwnLines {
 public:
  explicit OwnLines(std::string_view text) : rest_(text) {}

  /// The next line with text; nullopt if there is none.
  std::optional<std::string> take() {
    behind_blank_ = false;
    while (!rest_.empty()) {
      auto line = sanitized_line(take_line(rest_));
      if (is_signature_mark(line)) break;
      if (is_blank(line)) {
        behind_blank_ = true;
      } else if (!trim(line).starts_with('>')) {
        return line;
      }
    }
    rest_ = {};
    return std::nullopt;
  }

  /// Whether a blank line precedes the line that was taken last.
  [[nodiscard]] bool behind_blank() const { return behind_blank_; }

 private:
  std::string_view rest_;
  bool behind_blank_ = false;
};

Lines quoted_text(const Message& message, std::size_t count) {
  const auto text = body_text(message);
  Lines lines;
  OwnLines own(text);
  for (auto line = own.take(); line; line = own.take()) {
    const bool separated = own.behind_blank() && !lines.empty();
    if (count == 0 || lines.size() + (separated ? 2 : 1) > kMaxQuoteLines) {
      lines.back() += kMore;
      break;
    }
    if (separated) lines.emplace_back();
    lines.push_back(ellipsize(*line, kMaxQuotedLineCharacters));
    --count;
  }
  return lines;
}

/// The lines with their marks, as many as there is room for.
std::string mark_up(const Lines& lines) {
  const auto marks = kMark.size() + 1;  // and the line end
  std::string result;
  for (const auto& line : lines) {
    const auto room = kMaxQuoteOctets - result.size() - marks;
    // Every line but the last leaves room for a line that says that there is more.
    const auto reserved = &line == &lines.back() ? 0 : marks + kMore.size();
    const bool fits = line.size() + reserved <= room;
    const auto text = fits ? line : cut_to(line, room);
    result += text.empty() ? ">" : std::string(kMark) + text;
    result += '\n';
    if (!fits) break;
  }
  return result;
}

}  // namespace

std::string quoted(const Message& message, QuoteSetting setting) {
  Lines lines;
  if (setting.headers) lines = quoted_fields(message);
  if (setting.lines > 0) lines = quoted_text(message, setting.lines);
  return mark_up(lines);
}

}  // namespace inforeply
