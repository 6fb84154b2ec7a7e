// The commands of inforeply-cache, a file each: cache_NAME.cpp.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/address.hpp"
#include "inforeply/cache_records.hpp"
#include "inforeply/exit_status.hpp"
#include "inforeply/settings.hpp"
#include "record_json.hpp"
#include "tool.hpp"

namespace inforeply {

/// What was asked for on the command line.
class CacheRequest {
 public:
  CacheRequest(std::string command, const Settings& settings, std::vector<std::string> arguments,
               std::map<std::string, std::string> options)
      : command_(std::move(command)),
        settings_(settings),
        arguments_(std::move(arguments)),
        options_(std::move(options)) {}

  [[nodiscard]] const Settings& settings() const { return settings_; }
  /// What stands behind the command. Throws Error (kUsage) where there are fewer or more.
  // NOLINTNEXTLINE(modernize-use-nodiscard): also called for the check alone
  const std::vector<std::string>& arguments(std::size_t least, std::size_t most) const;
  [[nodiscard]] bool has(const std::string& option) const { return options_.contains(option); }
  /// The option's argument; nothing where it is not given.
  [[nodiscard]] std::optional<std::string> find(const std::string& option) const;

  /// An existing cache. Throws Error (kCache).
  [[nodiscard]] std::unique_ptr<CacheRecords> open() const;

  /// A responder's or a sender's address as the cache knows it. Throws Error (kUsage).
  [[nodiscard]] std::string responder_name(const std::string& text) const;
  [[nodiscard]] static std::string sender_name(const std::string& text);

 private:
  std::string command_;
  const Settings& settings_;
  std::vector<std::string> arguments_;
  std::map<std::string, std::string> options_;
};

struct CacheCommand {
  const char* name;
  const char* synopsis;  ///< its arguments and options, behind the name
  const char* summary;
  const char* example;
  std::vector<ToolOption>
      options;  ///< one of a name takes an argument in every command, or in none
  ExitStatus (*run)(const CacheRequest&);
};

[[noreturn]] void usage_error(const std::string& text);

/// Where a person was asked for whom the cache does not know: status 66.
[[noreturn]] void nothing_found(const RecordFilter& filter);

ExitStatus list_records(const CacheRequest& request);
ExitStatus show_person(const CacheRequest& request);
ExitStatus forget_records(const CacheRequest& request);
ExitStatus export_records(const CacheRequest& request);
ExitStatus import_records(const CacheRequest& request);
ExitStatus show_statistics(const CacheRequest& request);
ExitStatus write_report(const CacheRequest& request);
ExitStatus check_file(const CacheRequest& request);
ExitStatus back_up(const CacheRequest& request);

}  // namespace inforeply
