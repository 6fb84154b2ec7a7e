// The tokens of a Sieve script (RFC 5228, 2 and 8.1).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "draft.hpp"

namespace inforeply {

struct SieveToken {
  enum class Kind { kEnd, kIdentifier, kTag, kNumber, kString, kSign };
  Kind kind;
  std::string text;  ///< an identifier or a tag (without `:`) in lower case; a string's content
  std::size_t line;
  unsigned long long number = 0;

  [[nodiscard]] bool is(Kind other, std::string_view name) const {
    return kind == other && text == name;
  }
  [[nodiscard]] bool is_sign(char sign) const { return is(Kind::kSign, {&sign, 1}); }
};

class SieveTokens {
 public:
  /// `script` must outlive this.
  explicit SieveTokens(const Source& script);

  [[nodiscard]] const SieveToken& next() const { return next_; }
  /// Returns the next token and goes on to the one behind. Throws ConfigError.
  SieveToken take();
  /// Takes a token of that kind; throws ConfigError if it is another.
  SieveToken take(SieveToken::Kind kind, const char* expected);
  void take_sign(char sign);

  [[noreturn]] void fail(std::size_t line, const std::string& text) const;

 private:
  SieveToken read();
  void skip_blanks();
  void skip(std::size_t octets);
  std::string read_quoted();
  std::string read_lines();

  const Source& script_;
  std::string_view rest_;
  std::size_t line_;
  SieveToken next_;
};

}  // namespace inforeply
