// Parameters of structured MIME fields (RFC 2045, 5.1) with the charsets and continuations of
// RFC 2231, both ways.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

/// A token of RFC 2045, 5.1: what needs no quotes as a value.
bool is_token(std::string_view text);

/// The value of the parameter `name`, in any case; nothing where the field has none. `name*=` wins
/// over `name*0=; name*1=`, and both over `name=`, which is for readers that know no better; of two
/// of a form, the first counts. Without its quotes, `name=` is given in the octets of the message,
/// the others in UTF-8. A sender can write any character as `%XX`: also a line end.
std::optional<std::string> find_parameter(std::string_view body, std::string_view name);

/// Every value that some program may read there: for suspicion. Those of `name=`, repeated ones
/// too, then those of RFC 2231's forms, read by the rules and without regard to charsets, gaps and
/// repetitions. Linear in the length of the field, but for the sorting of continuations.
std::vector<std::string> find_parameters(std::string_view body, std::string_view name);

/// A parameter to append to the body of a field: `;`, LF and a space, then `name=value` as a token,
/// a quoted string or, where it is neither or too long for a line, in the forms of RFC 2231. ASCII
/// without control characters but for the folding; with a name of at most 40 octets, each of its
/// lines has at most 76, also when another parameter follows. `value` is UTF-8.
std::string encode_parameter(std::string_view name, std::string_view value);

}  // namespace inforeply
