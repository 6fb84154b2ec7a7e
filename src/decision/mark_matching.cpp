#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "decision/marks.hpp"
#include "inforeply/text.hpp"
#include "mail/encoded_word.hpp"
#include "mail/parameter.hpp"

namespace inforeply {
namespace {

using enum Matcher;
constexpr auto kNone = std::string_view::npos;

template <typename Predicate>
bool any_value(std::string_view values, Predicate predicate) {
  const auto all = split(values, '|');
  return std::any_of(all.begin(), all.end(), predicate);
}

bool is_any(std::string_view values, std::string_view text) {
  return any_value(values,
                   [&](std::string_view value) { return equals_ignoring_case(value, text); });
}

std::string first_word(std::string_view body) {
  return std::string(body.substr(0, body.find_first_of(" ,;")));
}

std::optional<std::string> find_in_list(std::string_view values, std::string body) {
  std::replace(body.begin(), body.end(), ';', ',');
  const auto parts = split(body, ',');
  const auto found = std::find_if(parts.begin(), parts.end(),
                                  [&](std::string_view part) { return is_any(values, part); });
  return found == parts.end() ? std::nullopt : std::optional(std::string(*found));
}

bool parameter_is(std::string_view values, std::string_view body) {
  const auto wanted = split(values, '|');
  const auto parameter = find_parameter(body, wanted[1]);
  return parameter && leading_token(body) == wanted[0] &&
         equals_ignoring_case(*parameter, wanted[2]);
}

/// Enough for the end of a file name. Decoding takes time.
std::string_view last_octets(std::string_view text) {
  constexpr std::size_t kEnough = 1024;
  return text.substr(text.size() - std::min(text.size(), kEnough));
}

/// The file names that programs may see in a field: its parameters `filename` and `name`.
/// Encoded-words are decoded, which are not allowed there but common.
std::vector<std::string> file_names(std::string_view body) {
  std::vector<std::string> found;
  for (const std::string_view name : {"filename", "name"}) {
    for (const auto& value : find_parameters(body, name))
      found.push_back(decode_field_text(last_octets(value)));
  }
  return found;
}

std::optional<std::string> find_file_name(std::string_view endings, std::string_view body) {
  for (auto& name : file_names(body)) {
    // Windows opens "x.exe." as x.exe.
    const auto end = name.find_last_not_of(" \t.");
    const auto shown = to_lower_ascii(std::string_view(name).substr(0, end + 1));
    if (any_value(endings, [&](std::string_view ending) { return shown.ends_with(ending); })) {
      return std::move(name);
    }
  }
  return std::nullopt;
}

/// The whole number at the start of `text`, as 5 in `5.7`; nullopt if there is none, as in `-1`.
std::optional<unsigned long long> leading_number(std::string_view text) {
  return parse_number(text.substr(0, text.find_first_not_of("0123456789")));
}

/// The local part with a single 0 for each run of digits.
std::string with_digits_as_zero(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) result += c;
    if (digit && !result.ends_with('0')) result += '0';
  }
  return result;
}

/// The words of a local part, which `.`, `-`, `_` and digits separate.
class Words {
 public:
  explicit Words(std::string_view local_part) {
    bool begins = true;
    for (const char c : to_lower_ascii(local_part)) {
      const bool separates = std::string_view("._-0123456789").find(c) != kNone;
      if (!separates) {
        letters_ += c;
        begins_.push_back(begins);
      }
      begins = separates;
    }
    begins_.push_back(true);  // the end
  }

  /// Whether `wanted` is made of some successive whole words.
  [[nodiscard]] bool have(std::string_view wanted) const {
    for (auto at = letters_.find(wanted); at != kNone; at = letters_.find(wanted, at + 1)) {
      if (begins_[at] && begins_[at + wanted.size()]) return true;
    }
    return false;
  }

 private:
  std::string letters_;
  std::vector<bool> begins_;  // for each letter: whether a word begins with it
};

/// For the matchers that look at the whole body.
bool matches_body(const HeaderMark& mark, std::string_view body) {
  switch (mark.matcher) {
    case kTokenIs:
      return is_any(mark.values, leading_token(body));
    case kTokenIsNot:
      return !is_any(mark.values, leading_token(body));
    case kWordIs:
      return is_any(mark.values, first_word(body));
    case kBeginsWith:
      return any_value(mark.values, [&](std::string_view value) {
        return starts_with_ignoring_case(body, value);
      });
    case kMessageIdBeginsWith:
      return any_value(mark.values, [&](std::string_view value) {
        return !find_message_id(body, value).empty();
      });
    case kMatchesNone:
      return !any_value(mark.values,
                        [&](std::string_view value) { return matches_glob(body, value); });
    case kNumberAtLeast: {
      const auto number = leading_number(first_word(body));
      return number && *number >= *parse_number(mark.values);
    }
    case kParameterIs:
      return parameter_is(mark.values, body);
    case kPresent:
    case kListContains:
    case kFileNameEnds:
      break;
  }
  return true;
}

}  // namespace

std::optional<std::string> find_match(const HeaderMark& mark, const HeaderField& field) {
  if (!matches_glob(field.name, mark.field)) return std::nullopt;
  std::string body = collapse_blanks(strip_comments(field.body));
  if (mark.matcher == kListContains) return find_in_list(mark.values, std::move(body));
  if (mark.matcher == kFileNameEnds) return find_file_name(mark.values, body);
  if (!matches_body(mark, body)) return std::nullopt;
  return body;
}

const SenderMark* find_sender_mark(std::string_view local_part, std::string_view domain) {
  const std::string whole = with_digits_as_zero(local_part);
  const std::string_view bare = std::string_view(whole).substr(0, whole.find('+'));
  const std::string address = whole + "@" + std::string(domain);
  const Words words(bare);
  const auto has_mark = [&](const SenderMark& mark) {
    switch (mark.matcher) {
      case SenderMatcher::kName:
        return equals_ignoring_case(whole, mark.text) || equals_ignoring_case(bare, mark.text);
      case SenderMatcher::kNamePattern:
        return matches_glob(whole, mark.text) || matches_glob(bare, mark.text);
      case SenderMatcher::kAddressPattern:
        return matches_glob(address, mark.text);
      case SenderMatcher::kWords:
        break;
    }
    return words.have(mark.text);
  };
  const auto marks = sender_marks();
  const auto found = std::find_if(marks.begin(), marks.end(), has_mark);
  return found == marks.end() ? nullptr : &*found;
}

}  // namespace inforeply
