// A responder as the settings of another program ask for it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inforeply/error.hpp"

namespace inforeply {

/// The content of a file, with LF at the ends of lines.
struct Source {
  std::string name;
  std::string text;
  std::size_t line = 1;  ///< of its beginning, for faults
};

struct Draft {
  std::string address;  ///< of the responder
  bool is_active = true;
  std::vector<std::pair<std::string, std::string>> settings;  ///< lines of its file
  std::string body;
  bool is_template = false;  ///< whether `body` is for `template`, or else for `text`
  std::string source = {};   ///< where the text stands there, for faults
  std::size_t source_line = 0;

  /// Adds a setting, on one line. An empty value says nothing and is left out.
  void set(const std::string& name, std::string_view value);
  /// The value of the first setting of that name; empty if there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const;
};

/// What another program replaces in its texts.
struct Macro {
  std::string name;
  std::string placeholder;  ///< what stands for it in a text of ours
  std::string plain = {};   ///< and in `from` and `reply-to`, which have no placeholders
  bool in_any_case = false;
};
using Macros = std::vector<Macro>;

enum class Place { kText, kAddress };

/// No reply is larger. What would be is a fault of set_text and set_message.
inline constexpr std::size_t kMaxDraftOctets = std::size_t{4} * 1024 * 1024;

/// `text` with our placeholders; of macros that begin alike the first in the list counts. Where
/// placeholders are known, every other dollar is doubled. Ends soon after `kMaxDraftOctets`.
std::string with_placeholders(std::string_view text, const Macros& macros = {},
                              Place place = Place::kText);

/// Whether a value means false to a database or a program: empty, or `0`, `f…`, `n…`.
bool is_no(std::string_view value);

/// Calls `take` with each option of a command line and its argument, as getopt(3) finds them:
/// `-qn5`, `-n 5`. Letters in `with_argument` have one. Returns the other words.
std::vector<std::string> take_options(const std::vector<std::string>& words,
                                      std::string_view with_argument,
                                      const std::function<void(char, const std::string&)>& take);

/// The arguments with which a line of `.forward` or `.qmail` pipes mail into a program; empty if it
/// does not.
std::vector<std::string> piped_arguments(std::string_view line, std::string_view program);

std::string decode_base64(std::string_view text);

/// Sets the body to a plain text. Throws ConfigError if it is not UTF-8, blank, or
/// too large.
void set_text(Draft& draft, const Source& source, const Macros& macros = {});

/// Sets what a whole message says: From, Reply-To and Subject by settings and its body by `text` if
/// they are all that it has, else all of it by `template`. What is left out goes to `on_left_out`.
/// Throws ConfigError if it is no message, or not UTF-8, or has a macro or a dollar where a
/// template cannot keep it.
void set_message(Draft& draft, const Source& source, const Macros& macros,
                 const FaultHandler& on_left_out);

}  // namespace inforeply
