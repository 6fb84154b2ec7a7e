// inforeply-cache forget.

#include <chrono>
#include <string>

#include "cache_commands.hpp"
#include "figures.hpp"

namespace inforeply {
namespace {

constexpr std::chrono::minutes kPatience{3};  // with deliveries that have the cache open

}  // namespace

ExitStatus forget_records(const CacheRequest& request) {
  RecordFilter filter;
  if (const auto sender = request.find("sender"))
    filter.sender = CacheRequest::sender_name(*sender);
  if (const auto responder = request.find("responder")) {
    filter.responder = request.responder_name(*responder);
  }
  if (filter.sender.empty() && filter.responder.empty()) {
    const auto& arguments = request.arguments(2, 2);
    filter = {request.responder_name(arguments[0]), CacheRequest::sender_name(arguments[1])};
  } else {
    request.arguments(0, 0);
  }
  if (request.has("compact")) {
    require_file(*make_cache_store(request.settings().cache), "--compact");
  }
  const auto count = request.open()->forget(filter);
  if (count == 0) nothing_found(filter);
  print("forgot " + counted(count, "record") + "\n");
  if (request.has("compact")) {
    make_cache_store(request.settings().cache)->compact(kPatience);
    print("compacted: no free page of the file holds them any more\n");
  }
  return ExitStatus::kOk;
}

}  // namespace inforeply
