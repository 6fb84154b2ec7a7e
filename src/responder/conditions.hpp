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

namespace re2 {
class RE2;
}

namespace inforeply {

/// What conditions look at, decoded when the first of them asks for it.
class ConditionInput {
 public:
  /// Both must outlive it.
  ConditionInput(const Message& message, const Sender& sender)
      : message_(message), sender_(sender) {}

  [[nodiscard]] const Sender& sender() const { return sender_; }
  const std::string& subject();         ///< in one line
  const std::string& folded_subject();  ///< as fold_for_search
  const std::string& folded_body();     ///< body_text, as fold_for_search

 private:
  const Message& message_;
  const Sender& sender_;
  std::optional<std::string> subject_;
  std::optional<std::string> folded_subject_;
  std::optional<std::string> folded_body_;
};

inline constexpr std::size_t kMaxPatternOctets = 256;

/// A regular expression in RE2's syntax, which matches in linear time whatever it and the text are.
/// Letters match in either case, unless it says `(?-i)`. It is compiled when it is asked, and
/// forgotten after: that takes up to some 30 ms and 3 MiB of what a line of a file can hold.
class Pattern {
 public:
  /// `file` and `line`: where it stands, for faults.
  explicit Pattern(std::string text, std::string file = {}, std::size_t line = 0)
      : text_(std::move(text)), file_(std::move(file)), line_(line) {}

  /// Anywhere in the text. Throws ConfigError where it is no regular expression, or too large.
  [[nodiscard]] bool is_in(std::string_view text) const;

  /// Throws the same without a text.
  void check() const;

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void throw_if_broken(const re2::RE2& regex) const;

  std::string text_;
  std::string file_;
  std::size_t line_;
};

/// Of each kind that has any, one must hit.
struct Conditions {
  std::vector<std::string> subject_contains;
  std::vector<std::string> body_contains;
  std::vector<Pattern> subject_matches;
  AddressList sender;

  [[nodiscard]] bool empty() const;

  /// The same with texts to look for as fold_for_search writes them.
  [[nodiscard]] Conditions folded() const;

  /// Whether these hit every message that the others hit, both folded, as far as that shows without
  /// knowing what regular expressions and files of addresses mean: for each kind that is given here
  /// the others give it too, and each of theirs hits only where one of these does. False where that
  /// would take over `budget` comparisons, which is reduced by those that are made.
  [[nodiscard]] bool cover(const Conditions& others, std::size_t& budget) const;
};

struct ConditionResult {
  bool hit = false;
  std::string why;  ///< the settings that hit, or the one that did not, in one line
};

/// Throws ConfigError where a file of addresses or a pattern is at fault that had to be asked.
ConditionResult evaluate(const Conditions& conditions, ConditionInput& input);

}  // namespace inforeply
