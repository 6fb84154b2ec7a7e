// CSV (RFC 4180).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

class BadCsv : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Takes a record and its line end off the front of `text`, and returns its fields. Only quoted
/// fields may have several lines. Throws BadCsv.
std::vector<std::string> take_csv_record(std::string_view& text);

}  // namespace inforeply
