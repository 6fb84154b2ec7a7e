// Parameters of structured MIME fields (RFC 2045, 5.1) with the charsets and continuations of
// RFC 2231, both ways.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

/// Whether the text is a token (RFC 2045, 5.1): a value that needs no quotes.
bool is_token(std::string_view text);

/// Returns the value of the parameter `name`, in any case; nullopt if the field has none. `name*=`
/// wins over `name*0=; name*1=`, and both over `name=`, which is for readers that do not know RFC
/// 2231. The first of two of the same form counts. `name=` is given unquoted in the octets of the
/// message, the other forms in UTF-8. Beware: `%XX` can be any character, even a line end.
std::optional<std::string> find_parameter(std::string_view body, std::string_view name);

/// Returns every value that some program may read there, for suspicion: those of `name=`, also
/// repeated, then those of RFC 2231's forms, by its rules and also without regard to charsets, gaps
/// and repetitions. Linear in the length of the field, but for sorting continuations.
std::vector<std::string> find_parameters(std::string_view body, std::string_view name);

/// Returns a parameter to append to a field body: `;`, LF and a space, then `name=value` as a token
/// or a quoted string, or in the forms of RFC 2231 if it is neither or too long for a line. ASCII
/// without control characters but for the folding. If the name has at most 40 octets, each line has
/// at most 76, even if another parameter follows. `value` is UTF-8.
std::string encode_parameter(std::string_view name, std::string_view value);

}  // namespace inforeply
