// What the fuzz targets share. Each defines LLVMFuzzerTestOneInput, which libFuzzer calls with one
// input after the other (https://llvm.org/docs/LibFuzzer.html), and asserts what must be true of
// any input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace inforeply::fuzz {

inline std::string_view to_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the run, so that libFuzzer keeps the input, unless `holds`.
inline void expect(bool holds, const char* what, std::string_view found = {}) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN: %s: %.*s\n", what, static_cast<int>(found.size()), found.data());
  std::abort();
}

inline void expect_equal(std::string_view found, std::string_view expected, const char* what) {
  expect(found == expected, what, std::string(found) + "\ninstead of: " + std::string(expected));
}

/// Takes the front of `text` up to the separator off it, and the separator.
inline std::string_view take_up_to(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

}  // namespace inforeply::fuzz
