// Which messages a `[when NAME]` section answers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/address.hpp"
#include "inforeply/address_list.hpp"
#include "inforeply/message.hpp"

namespace re2 {
class RE2;
}

namespace inforeply {

/// What conditions look at, decoded when the first of them asks for it.
class Request {
 public:
  /// Both must outlive it.
  Request(const Message& message, const Address& sender) : message_(message), sender_(sender) {}

  [[nodiscard]] const Address& sender() const { return sender_; }
  const std::string& subject();         ///< in one line
  const std::string& folded_subject();  ///< as fold_for_search
  const std::string& folded_body();     ///< body_text, as fold_for_search

 private:
  const Message& message_;
  const Address& sender_;
  std::optional<std::string> subject_;
  std::optional<std::string> folded_subject_;
  std::optional<std::string> folded_body_;
};

/// A regular expression in RE2's syntax, which matches in linear time whatever it and the text are.
/// Letters match in either case, unless it says `(?-i)`.
class Pattern {
 public:
  /// Throws Error (kConfiguration) that says what is wrong with it.
  explicit Pattern(const std::string& text);

  /// Anywhere in the text.
  [[nodiscard]] bool is_in(std::string_view text) const;
  [[nodiscard]] const std::string& text() const;

 private:
  std::shared_ptr<const re2::RE2> regex_;
};

/// Of each kind that has any, one must hit.
struct Conditions {
  std::vector<std::string> subject_contains;
  std::vector<std::string> body_contains;
  std::vector<Pattern> subject_matches;
  AddressList sender;

  [[nodiscard]] bool empty() const;
};

struct ConditionResult {
  bool hit = false;
  std::string why;  ///< the settings that hit, or the one that did not, in one line
};

/// Throws ConfigError where a file of addresses is at fault.
ConditionResult evaluate(const Conditions& conditions, Request& request);

}  // namespace inforeply
