#include "mail/language.hpp"

#include <algorithm>
#include <utility>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxTagOctets = 64;  // RFC 5646, 4.4.1 foresees 35
constexpr std::size_t kMaxSubtag = 8;
constexpr std::string_view kAnyLanguage = "*";

bool is_subtag(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSubtag &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

struct Range {
  std::string language;
  unsigned quality;  ///< 0 to 1000
};

/// Reads a qvalue (RFC 9110, 12.4.2), such as `0.8`, in thousandths; nullopt if it is malformed.
std::optional<unsigned> parse_quality(std::string_view text) {
  constexpr std::size_t kMaxLength = 5;
  if (text.empty() || text.size() > kMaxLength || !is_digit(text[0])) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  unsigned quality = static_cast<unsigned>(text[0] - '0') * 1000;
  unsigned weight = 100;
  for (const char c : text.substr(std::min<std::size_t>(text.size(), 2))) {
    if (!is_digit(c)) return std::nullopt;
    quality += static_cast<unsigned>(c - '0') * weight;
    weight /= 10;
  }
  return quality <= 1000 ? std::optional(quality) : std::nullopt;
}

/// Reads `q=0.8` of a range's parameters: 1000 if there is none, nullopt if it is malformed.
std::optional<unsigned> quality_of(std::string_view parameters) {
  for (const auto parameter : split(parameters, ';')) {
    const auto equals = std::min(parameter.find('='), parameter.size());
    if (!equals_ignoring_case(trim(parameter.substr(0, equals)), "q")) continue;
    return parse_quality(trim(parameter.substr(std::min(equals + 1, parameter.size()))));
  }
  return 1000;
}

std::optional<Range> parse_range(std::string_view text) {
  const auto end = std::min(text.find(';'), text.size());
  const auto language = trim(text.substr(0, end));
  const auto quality = quality_of(text.substr(end));
  if (!quality || (language != kAnyLanguage && !is_language_tag(language))) return std::nullopt;
  return Range{to_lower_ascii(language), *quality};
}

/// Returns the ranges of every field of that name; nullopt if none has a field body.
std::optional<std::vector<Range>> ranges_of(const Header& header, std::string_view name) {
  std::optional<std::vector<Range>> ranges;
  for (const auto& field : header.fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    const std::string body = strip_comments(field.body);
    if (body.empty()) continue;
    if (!ranges) ranges.emplace();
    for (const auto part : split(body, ',')) {
      if (auto range = parse_range(part)) ranges->push_back(std::move(*range));
    }
  }
  return ranges;
}

/// Drops the last subtag, and then a last subtag of a single character, which only introduced it.
std::string_view without_last_subtag(std::string_view tag) {
  const auto last = tag.rfind('-');
  if (last == std::string_view::npos) return {};
  tag = tag.substr(0, last);
  return tag.size() >= 2 && tag[tag.size() - 2] == '-' ? tag.substr(0, tag.size() - 2) : tag;
}

template <typename Predicate>
std::optional<std::size_t> find_index(const std::vector<std::string>& tags, Predicate predicate) {
  const auto found = std::find_if(tags.begin(), tags.end(), predicate);
  if (found == tags.end()) return std::nullopt;
  return static_cast<std::size_t>(found - tags.begin());
}

std::optional<std::size_t> find_range(std::string_view range,
                                      const std::vector<std::string>& available) {
  for (auto tag = range; !tag.empty(); tag = without_last_subtag(tag)) {
    const auto is_it = [&](const std::string& own) { return equals_ignoring_case(own, tag); };
    if (const auto index = find_index(available, is_it)) return index;
  }
  const std::string prefix = std::string(range) + '-';
  return find_index(available,
                    [&](const std::string& own) { return starts_with_ignoring_case(own, prefix); });
}

}  // namespace

bool is_language_tag(std::string_view text) {
  if (text.size() > kMaxTagOctets) return false;
  const auto primary = text.substr(0, text.find('-'));
  if (primary.size() < 2 || !std::all_of(primary.begin(), primary.end(), is_letter)) return false;
  while (true) {
    const auto end = std::min(text.find('-'), text.size());
    if (!is_subtag(text.substr(0, end))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> wanted_languages(const Header& header) {
  auto ranges = ranges_of(header, "Accept-Language");
  if (!ranges) ranges = ranges_of(header, "Content-Language");
  if (!ranges) return {};
  std::erase_if(*ranges, [](const Range& range) { return range.quality == 0; });
  std::stable_sort(ranges->begin(), ranges->end(),
                   [](const Range& a, const Range& b) { return a.quality > b.quality; });
  std::vector<std::string> languages;
  for (auto& range : *ranges) {
    if (languages.size() == kMaxWantedLanguages) break;
    languages.push_back(std::move(range.language));
  }
  return languages;
}

std::optional<std::size_t> find_language(const std::vector<std::string>& wanted,
                                         const std::vector<std::string>& available) {
  for (const std::string_view range : wanted) {
    if (range == kAnyLanguage) continue;
    if (const auto index = find_range(range, available)) return index;
  }
  return std::nullopt;
}

}  // namespace inforeply
