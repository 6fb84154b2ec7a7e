// Which messages a `[when NAME]` section answers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inforeply/error.hpp"
#include "inforeply/sender.hpp"
#include "mail/message.hpp"
#include "responder/address_list.hpp"
#include "responder/schedule.hpp"

namespace re2 {
class RE2;
}

namespace inforeply {

/// A hundred regular expressions on a subject of 240 KB took two seconds.
inline constexpr std::size_t kMaxSearchedCharacters = 1000;

/// What conditions look at. Each value is decoded when it is first used.
class ConditionInput {
 public:
  /// Message and sender must outlive this object.
  ConditionInput(const Message& message, const Sender& sender, Time now)
      : message_(message), sender_(sender), now_(now) {}

  [[nodiscard]] const Sender& sender() const { return sender_; }
  [[nodiscard]] Time now() const { return now_; }
  const std::string& subject();         ///< in one line, its first kMaxSearchedCharacters
  const std::string& folded_subject();  ///< folded by fold_for_search
  const std::string& folded_body();     ///< body_text, folded by fold_for_search

 private:
  const Message& message_;
  const Sender& sender_;
  Time now_;
  std::optional<std::string> subject_;
  std::optional<std::string> folded_subject_;
  std::optional<std::string> folded_body_;
};

inline constexpr std::size_t kMaxPatternOctets = 256;

/// A regular expression in RE2's syntax, which matches in linear time. Case does not count, unless
/// the pattern says `(?-i)`. Each use compiles it anew: up to some 30 ms and 3 MiB for a pattern
/// that fits on a line of a file.
class Pattern {
 public:
  /// `file` and `line`: where the pattern is set, for faults.
  explicit Pattern(std::string text, std::string file = {}, std::size_t line = 0)
      : text_(std::move(text)), file_(std::move(file)), line_(line) {}

  /// Whether it matches in the text. Throws ConfigError if it is no regular expression or too big.
  [[nodiscard]] bool is_in(std::string_view text) const;

  /// Throws as is_in does.
  void check() const;

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void throw_if_broken(const re2::RE2& regex) const;

  std::string text_;
  std::string file_;
  std::size_t line_;
};

/// Of each kind of condition that is given, one must hit.
struct Conditions {
  std::vector<std::string> subject_contains;
  std::vector<std::string> body_contains;
  std::vector<Pattern> subject_matches;
  AddressList sender;
  Schedule time;  ///< of weekly times alone

  [[nodiscard]] bool empty() const;

  /// The same, its texts folded by fold_for_search.
  [[nodiscard]] Conditions folded() const;

  /// Whether these surely hit every message that `others` hit; both must be folded. Each kind that
  /// is given here must be given there too, and each of theirs must hit only if one of these does.
  /// Regular expressions and files are compared by text and path. Comparisons are taken off
  /// `budget`; false if it does not suffice.
  [[nodiscard]] bool cover(const Conditions& others, std::size_t& budget) const;
};

struct ConditionResult {
  bool hit = false;
  std::string why;  ///< the settings that hit, or the one that did not, in one line
  Period period;    ///< of `time`, if that is given and hits
};

/// Throws ConfigError if a file of addresses or a pattern that it has to use is at fault.
ConditionResult evaluate(const Conditions& conditions, ConditionInput& input);

}  // namespace inforeply
