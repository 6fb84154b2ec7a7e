// The commands of inforeply-cache. Each has a file of its own: cache_NAME.cpp.
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
#include "inforeply/commands.hpp"
#include "inforeply/exit_status.hpp"
#include "record_json.hpp"
#include "tool.hpp"

namespace inforeply {

/// The command line of inforeply-cache.
class CacheRequest {
 public:
  CacheRequest(std::string command, const Settings& settings, std::vector<std::string> arguments,
               std::map<std::string, std::string> options)
      : command_(std::move(command)),
        settings_(settings),
        arguments_(std::move(arguments)),
        options_(std::move(options)) {}

  [[nodiscard]] const Settings& settings() const { return settings_; }
  /// The words behind the command. Throws Error (kUsage) if there are fewer or more of them.
  // NOLINTNEXTLINE(modernize-use-nodiscard): also called for the check alone
  const std::vector<std::string>& arguments(std::size_t least, std::size_t most) const;
  [[nodiscard]] bool has(const std::string& option) const { return options_.contains(option); }
  /// The option's argument; nullopt if it is not given.
  [[nodiscard]] std::optional<std::string> find(const std::string& option) const;
  /// --format, by default the first of those that the command knows. Throws Error (kUsage) for
  /// another.
  [[nodiscard]] std::string format(std::span<const std::string_view> known) const;
  /// Whether --format asks for JSON instead of a table. Throws Error (kUsage) for another format.
  [[nodiscard]] bool wants_json() const;

  /// Opens the cache, which must exist. Throws Error (kCache).
  [[nodiscard]] std::unique_ptr<CacheRecords> open() const;

  /// The address of a responder or a sender in the spelling of the cache. Throws Error (kUsage).
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
  const char* synopsis;  ///< its arguments and options, as the help names them
  const char* summary;
  const char* example;
  std::vector<ToolOption>
      options;  ///< options of a name take an argument in all commands or in none
  ExitStatus (*run)(const CacheRequest&);
};

/// Ends the program with status 66: the cache has no record that the filter matches.
[[noreturn]] void nothing_found(const RecordFilter& filter);

ExitStatus list_records(const CacheRequest& request);
ExitStatus show_person(const CacheRequest& request);
ExitStatus forget_records(const CacheRequest& request);
ExitStatus export_records(const CacheRequest& request);
ExitStatus import_records(const CacheRequest& request);
ExitStatus show_statistics(const CacheRequest& request);
ExitStatus print_digest(const CacheRequest& request);
ExitStatus write_report(const CacheRequest& request);
ExitStatus check_file(const CacheRequest& request);
ExitStatus back_up(const CacheRequest& request);

}  // namespace inforeply
