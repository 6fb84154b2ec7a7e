#include "mail/flowed.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxPlainLine = 78;           // RFC 5322, 2.1.1
constexpr std::size_t kFlowedLine = 66;             // RFC 3676, 4.2 (72 at most), with room for =XX
constexpr std::string_view kSignatureMark = "-- ";  // RFC 3676, 4.3

/// Returns the blank, near kFlowedLine columns, behind which to break a line; nullopt if there is
/// none. A piece must not be only blanks, nor look like a signature's mark.
std::optional<std::size_t> find_break(std::string_view line) {
  constexpr auto kNone = std::string_view::npos;
  const auto first_word = line.find_first_not_of(' ');
  const auto is_good = [&](std::size_t blank) {
    return blank > first_word && line.substr(0, blank + 1) != kSignatureMark &&
           blank + 1 < line.size();
  };
  auto blank = line.rfind(' ', kFlowedLine - 1);
  while (blank != kNone && !is_good(blank)) {
    blank = blank == 0 ? kNone : line.rfind(' ', blank - 1);
  }
  if (blank != kNone) return blank;
  blank = line.find(' ', kFlowedLine);
  while (blank != kNone && !is_good(blank)) {
    blank = line.find(' ', blank + 1);
  }
  if (blank != kNone) return blank;
  return std::nullopt;
}

/// Breaks a paragraph into lines, each break marked by a trailing blank.
std::string flow(std::string_view line) {
  std::string result;
  while (line.size() > kMaxPlainLine) {
    const auto blank = find_break(line);
    if (!blank) break;
    result += line.substr(0, *blank + 1);
    result += '\n';
    line.remove_prefix(*blank + 1);
  }
  result += line;
  return result;
}

/// Drops the blanks at the end, which would join the line to the next.
std::string_view without_trailing_blanks(std::string_view line) {
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

}  // namespace

std::string to_flowed(std::string_view text, QuoteMarks marks) {
  std::string result;
  result.reserve(text.size() + text.size() / 16);
  while (!text.empty()) {
    auto line = take_line(text);
    const bool may_be_quoted = marks == QuoteMarks::kRead;
    const auto depth = may_be_quoted ? std::min(line.find_first_not_of('>'), line.size()) : 0;
    const std::string_view in_front = line.substr(0, depth);
    line.remove_prefix(depth);
    if (depth > 0 && line.starts_with(' ')) line.remove_prefix(1);
    const bool is_mark = depth == 0 && line == kSignatureMark;
    const std::string pieces = is_mark ? std::string(line) : flow(without_trailing_blanks(line));
    if (pieces.empty()) result.append(in_front) += '\n';
    for (std::string_view rest = pieces; !rest.empty();) {
      const auto piece = take_line(rest);
      const bool stuffed = depth > 0 || piece.starts_with(' ') || piece.starts_with('>') ||
                           piece.starts_with("From ");
      result.append(in_front).append(stuffed ? " " : "").append(piece) += '\n';
    }
  }
  return result;
}

std::string from_flowed(std::string_view text, DelSp delsp) {
  std::string paragraphs;
  std::optional<std::size_t> flowing;  // quote depth of a paragraph that goes on in the next line
  while (!text.empty()) {
    auto line = take_line(text);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto depth = std::min(line.find_first_not_of('>'), line.size());
    line.remove_prefix(depth);
    if (line.starts_with(' ')) line.remove_prefix(1);  // space-stuffed (RFC 3676, 4.4)
    const bool is_mark = line == kSignatureMark;
    const bool joins = flowing == depth && !is_mark;
    if (!joins && !paragraphs.empty() && !paragraphs.ends_with('\n')) paragraphs += '\n';
    if (!joins && depth > 0) paragraphs += std::string(depth, '>') + ' ';
    const bool soft = line.ends_with(' ') && !is_mark;
    flowing = soft ? std::optional(depth) : std::nullopt;
    if (soft && delsp == DelSp::kYes) line.remove_suffix(1);
    paragraphs += line;
    if (!soft) paragraphs += '\n';
  }
  if (!paragraphs.empty() && !paragraphs.ends_with('\n')) paragraphs += '\n';
  return paragraphs;
}

}  // namespace inforeply
