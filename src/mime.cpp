#include "inforeply/mime.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxBoundaryOctets = 200;  // RFC 2046 allows 70

/// The delimiter lines of an open multipart: more than one where its header gives Content-Type
/// twice.
using Delimiters = std::set<std::string, std::less<>>;

Delimiters delimiters_of(const Header& header) {
  Delimiters delimiters;
  for (const auto& field : header.fields) {
    if (!equals_ignoring_case(field.name, "Content-Type") ||
        !leading_token(field.body).starts_with("multipart/")) {
      continue;
    }
    const auto boundary = find_parameter(field.body, "boundary");
    if (boundary && !boundary->empty() && boundary->size() <= kMaxBoundaryOctets) {
      delimiters.insert("--" + *boundary);
    }
  }
  return delimiters;
}

enum class LineKind { kText, kDelimiter, kClose };

class PartScanner {
 public:
  explicit PartScanner(const Message& message) : body_(message.body) { open(message.header); }

  std::vector<MimePart> scan() {
    while (!open_.empty() && position_ < body_.size()) {
      const auto line_begin = position_;
      const auto found = match(take_line());
      if (found.kind == LineKind::kText) continue;
      end_part(line_begin);
      close(found);
      if (found.kind == LineKind::kDelimiter) begin_part();
    }
    return std::move(parts_);
  }

 private:
  std::string_view take_line() {
    const auto end = std::min(body_.find('\n', position_), body_.size());
    const auto line = body_.substr(position_, end - position_);
    position_ = std::min(end + 1, body_.size());
    return line;
  }

  struct Match {
    LineKind kind = LineKind::kText;
    std::size_t level = 0;  ///< of open_
    Delimiters::const_iterator delimiter{};
  };

  [[nodiscard]] Match match(std::string_view line) const {
    if (!line.starts_with("--")) return {};
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    for (auto level = open_.size(); level-- > 0;) {
      const auto& delimiters = open_[level];
      if (const auto found = delimiters.find(line); found != delimiters.end()) {
        return {LineKind::kDelimiter, level, found};
      }
      if (!line.ends_with("--")) continue;
      if (const auto found = delimiters.find(line.substr(0, line.size() - 2));
          found != delimiters.end()) {
        return {LineKind::kClose, level, found};
      }
    }
    return {};
  }

  /// Closes the multiparts that a delimiter line ends: those nested in the one it belongs to, and
  /// that one too if it says so and no other Content-Type of it gives another delimiter.
  void close(const Match& match) {
    open_.resize(match.level + 1);
    if (match.kind != LineKind::kClose) return;
    open_.back().erase(match.delimiter);
    if (open_.back().empty()) open_.pop_back();
  }

  /// The line end before a delimiter belongs to the delimiter.
  void end_part(std::size_t delimiter_begin) {
    if (!in_part_) return;
    in_part_ = false;
    auto& content = parts_.back().content;
    content.remove_suffix(std::min(body_.size() - delimiter_begin, content.size()));
    if (content.ends_with('\n')) content.remove_suffix(1);
    if (content.ends_with('\r')) content.remove_suffix(1);
  }

  void begin_part() {
    const auto header_begin = position_;
    auto header_end = position_;
    while (position_ < body_.size()) {
      const auto line = take_line();
      if (line.find_first_not_of('\r') == std::string_view::npos) break;
      if (match(line).kind != LineKind::kText) {  // nothing but a header
        position_ = header_end;
        break;
      }
      header_end = position_;
    }
    parts_.push_back({parse_header(body_.substr(header_begin, header_end - header_begin)),
                      body_.substr(position_)});
    in_part_ = true;
    if (open_.size() < kMaxMimeDepth) open(parts_.back().header);
  }

  void open(const Header& header) {
    if (auto delimiters = delimiters_of(header); !delimiters.empty()) {
      open_.push_back(std::move(delimiters));
    }
  }

  std::string_view body_;
  std::size_t position_ = 0;
  std::vector<Delimiters> open_;  // the outermost first
  std::vector<MimePart> parts_;
  bool in_part_ = false;  // the last of them has not ended yet
};

}  // namespace

std::vector<MimePart> find_mime_parts(const Message& message) {
  return PartScanner(message).scan();
}

}  // namespace inforeply
