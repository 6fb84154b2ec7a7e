// HTML to text.
#include "inforeply/html.hpp"

#include <string>

#include "fuzz/fuzz.hpp"
#include "inforeply/text.hpp"

namespace {

using inforeply::fuzz::expect;

// A link's text and address, and the marks of a list or a quotation, make the text longer.
constexpr std::size_t kMaxGrowth = 40;

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto html = inforeply::fuzz::to_text(data, size);
  const std::string text = inforeply::html_to_text(html);
  expect(inforeply::is_valid_utf8(text), "text is UTF-8", text);
  std::string without_line_ends = text;
  for (char& c : without_line_ends)
    c = c == '\n' || c == '\t' ? ' ' : c;
  expect(!inforeply::has_control_characters(without_line_ends), "no control characters", text);
  expect(text.empty() || text.ends_with('\n'), "the last line is ended", text);
  expect(!text.starts_with('\n') && !text.ends_with("\n\n"), "no empty line at an end", text);
  expect(text.size() <= kMaxGrowth * (size + 1), "no longer than the document allows", text);
  expect(inforeply::find_body_end(html) <= size, "the end lies in the document");
  return 0;
}
