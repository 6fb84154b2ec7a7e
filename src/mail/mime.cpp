#include "mail/mime.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "inforeply/text.hpp"
#include "mail/parameter.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxBoundaryOctets = 200;  // RFC 2046 allows 70

/// Where the part behind a delimiter line belongs.
struct Place {
  std::size_t depth;
  Multipart holder_type;
  std::optional<std::size_t> holder;
};

Multipart multipart_of(std::string_view type) {
  if (type == "multipart/alternative") return Multipart::kAlternative;
  return type == "multipart/digest" ? Multipart::kDigest : Multipart::kOther;
}

/// Finds the parts by the delimiter lines of every multipart found so far. No multipart is ever
/// closed: else contradictory delimiters, or one more Content-Type field, could hide parts.
class PartScanner {
 public:
  PartScanner(const Header& header, std::string_view body) : body_(body) {
    open(header, 1, std::nullopt);
  }

  std::vector<MimePart> scan() {
    while (!places_.empty() && position_ < body_.size()) {
      const auto line_begin = position_;
      const auto line = take_line();
      const auto place = find_place(line);
      if (place || is_close(line)) end_part(line_begin);
      if (place) begin_part(*place);
    }
    return std::move(parts_);
  }

 private:
  /// Takes the next line, without the blanks that may follow a delimiter.
  std::string_view take_line() {
    auto rest = body_.substr(position_);
    const auto line = inforeply::take_line(rest);
    position_ = body_.size() - rest.size();
    return line.substr(0, line.find_last_not_of(" \t\r") + 1);
  }

  /// nullopt if the line is no delimiter.
  [[nodiscard]] std::optional<Place> find_place(std::string_view line) const {
    if (!line.starts_with("--")) return std::nullopt;
    const auto found = places_.find(line);
    return found == places_.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] bool is_close(std::string_view line) const {
    return line.ends_with("--") && find_place(line.substr(0, line.size() - 2));
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

  void begin_part(const Place& place) {
    const auto header_begin = position_;
    auto header_end = position_;
    while (position_ < body_.size()) {
      const auto line = take_line();
      if (line.empty()) break;
      if (find_place(line)) {  // the part is only a header
        position_ = header_end;
        break;
      }
      header_end = position_;
    }
    parts_.push_back({parse_header(body_.substr(header_begin, header_end - header_begin)),
                      body_.substr(position_), place.holder_type, place.holder});
    in_part_ = true;
    if (place.depth < kMaxMimeDepth) {
      open(parts_.back().header, place.depth + 1, parts_.size() - 1);
    }
  }

  /// Every Content-Type counts, if a header has several, and every boundary in it.
  void open(const Header& header, std::size_t depth, std::optional<std::size_t> holder) {
    for (const auto& field : header.fields) {
      if (!equals_ignoring_case(field.name, "Content-Type")) continue;
      const auto type = leading_token(field.body);
      if (!type.starts_with("multipart/")) continue;
      for (const auto& boundary : find_parameters(field.body, "boundary")) {
        if (!boundary.empty() && boundary.size() <= kMaxBoundaryOctets) {
          places_.emplace("--" + boundary, Place{depth, multipart_of(type), holder});
        }
      }
    }
  }

  std::string_view body_;
  std::size_t position_ = 0;
  std::map<std::string, Place, std::less<>> places_;  // by delimiter line
  std::vector<MimePart> parts_;
  bool in_part_ = false;  // the last of `parts_` has not ended yet
};

}  // namespace

std::vector<MimePart> find_mime_parts(const Header& header, std::string_view body) {
  return PartScanner(header, body).scan();
}

}  // namespace inforeply
