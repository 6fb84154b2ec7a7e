// A terminal as a person sees it: how wide it is, what may be bold, how wide a text is.
#pragma once

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace inforeply {

/// Of the environment; empty where it is not set.
std::string_view environment_variable(const char* name);

/// Columns of the terminal that the stream is, 80 where it does not tell; nothing where it is none.
std::optional<std::size_t> terminal_columns(std::FILE* stream = stdout);

/// Whether standard output is a terminal that may be given bold and dim text: not with NO_COLOR set
/// and not empty (https://no-color.org), nor with TERM=dumb or none.
bool takes_styles();

/// The columns that UTF-8 text without control characters takes.
std::size_t display_width(std::string_view text);

/// At most `columns` of it; what is wider ends in an ellipsis, which counts, and is never cut
/// inside a grapheme cluster.
std::string fit(std::string_view text, std::size_t columns);

}  // namespace inforeply
