// What import reads: a line of a file as a record of the reply cache.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "cache_commands.hpp"

namespace inforeply {

/// What is wrong with a line.
class BadLine : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Text of the input for a message: a single line of limited length, in quotes.
std::string in_quotes(std::string_view text);

struct ImportedLine {
  std::optional<ReplyRecord> record;  ///< nullopt: a line without a record is no fault
  std::string note;                   ///< what a person should know of the line; empty if nothing
};

class ImportFormat {
 public:
  ImportFormat() = default;
  ImportFormat(const ImportFormat&) = delete;
  ImportFormat& operator=(const ImportFormat&) = delete;
  virtual ~ImportFormat() = default;

  /// `number` is 1 for the first line. Throws BadLine.
  virtual ImportedLine parse(std::string_view line, std::size_t number) = 0;
};

/// The format that --from, --responder, --handle and --interval ask for. Throws Error (kUsage), or
/// ConfigError if the named responder cannot be read.
std::unique_ptr<ImportFormat> make_import_format(const CacheRequest& request);

/// Lines of JSON as export writes them.
std::unique_ptr<ImportFormat> make_json_format();

}  // namespace inforeply
