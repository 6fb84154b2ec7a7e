// Writes records to standard output as a table, as CSV or as JSON.
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
  /// To be called once, behind the last record.
  virtual void finish() = 0;
};

/// For `table`, `json` or `csv`; throws Error (kUsage) for another format. On a terminal a table
/// fits its width, has local times, and shows dim the records that have expired at `now`.
std::unique_ptr<RecordWriter> make_record_writer(std::string_view format, Time now);

}  // namespace inforeply
