// What import reads: a line of a file as a record of the reply cache.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "cache_commands.hpp"

namespace inforeply {

/// Says what is wrong with a line.
class BadLine : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What stands in a line, for a message about it: one line, not too long.
std::string in_quotes(std::string_view text);

struct ImportedLine {
  std::optional<ReplyRecord> record;  ///< nothing: the line holds none, and that is as it should be
  std::string note;                   ///< what a person should know of it; empty: nothing
};

class ImportFormat {
 public:
  ImportFormat() = default;
  ImportFormat(const ImportFormat&) = delete;
  ImportFormat& operator=(const ImportFormat&) = delete;
  virtual ~ImportFormat() = default;

  /// The first line has the number 1. Throws BadLine.
  virtual ImportedLine parse(std::string_view line, std::size_t number) = 0;
};

/// As --from, --responder, --handle and --interval ask for. Throws Error (kUsage), or ConfigError
/// where the responder that is asked for cannot be read.
std::unique_ptr<ImportFormat> make_import_format(const CacheRequest& request);

/// One line of JSON, as export writes it.
std::unique_ptr<ImportFormat> make_json_format();

}  // namespace inforeply
