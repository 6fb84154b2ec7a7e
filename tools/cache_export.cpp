// inforeply-cache export.

#include <string>

#include "cache_commands.hpp"
#include "record_selection.hpp"

namespace inforeply {

ExitStatus export_records(const CacheRequest& request) {
  constexpr std::size_t kBufferOctets = std::size_t{256} * 1024;
  const RecordSelection selection(request, SystemClock().now());
  std::string lines;
  selection.visit_limited(*request.open(), [&](const ReplyRecord& record) {
    append_json(lines, record);
    lines += '\n';
    if (lines.size() < kBufferOctets) return;
    print(lines);
    lines.clear();
  });
  print(lines);
  return ExitStatus::kOk;
}

}  // namespace inforeply
