// Records as a table, as CSV or as JSON, on standard output, one after the other.
#pragma once

#include <memory>
#include <string_view>

#include "inforeply/cache_records.hpp"

namespace inforeply {

class RecordWriter {
 public:
  RecordWriter() = default;
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;
  virtual ~RecordWriter() = default;

  virtual void write(const ReplyRecord& record) = 0;
  /// Once, behind the last record.
  virtual void finish() = 0;
};

/// `table`, `json` or `csv`. On a terminal a table fits its width, times are local ones, and
/// records that silence nobody at `now` are dim. Throws Error (kUsage) for another format.
std::unique_ptr<RecordWriter> make_record_writer(std::string_view format, Time now);

}  // namespace inforeply
