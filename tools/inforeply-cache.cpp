// inforeply-cache: looks into the reply cache.

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "inforeply/address.hpp"
#include "inforeply/reply_cache.hpp"
#include "inforeply/settings.hpp"
#include "tool.hpp"

namespace inforeply {
namespace {

const std::vector<ToolOption>& own_options() {
  static const std::vector<ToolOption> options = {
      {"format", ToolOption::Argument::kRequired, "table (default) or json, one object a line"},
      {"sender", ToolOption::Argument::kRequired, "forget: the records of this sender"},
      {"responder", ToolOption::Argument::kRequired, "forget: the records of this responder"},
  };
  return options;
}

constexpr std::string_view kUsage =
    "Usage: inforeply-cache [options] list [RESPONDER]\n"
    "       inforeply-cache [options] show RESPONDER SENDER\n"
    "       inforeply-cache [options] forget RESPONDER SENDER\n"
    "       inforeply-cache [options] forget --sender ADDR | --responder ADDR\n\n"
    "Shows who was answered and when, or forgets it, so that the next message is answered.\n\n"
    "Example: inforeply-cache list info@example.org --format json\n\n";

[[noreturn]] void usage_error(const std::string& text) {
  throw Error(Fault::kUsage, text + " (see --help)");
}

Address require_address(const std::string& text) {
  auto address = parse_address(text);
  if (!address) usage_error("'" + text + "' is not a mail address");
  return *std::move(address);
}

/// A responder or sender as the cache knows it.
std::string responder_name(const std::string& text, const Settings& settings) {
  return without_extension(require_address(text), settings.recipient_delimiter).normalized();
}
std::string sender_name(const std::string& text) {
  return canonical_sender(require_address(text));
}

std::string_view name_of(RecordState state) {
  return state == RecordState::kAnswered ? "answered" : "pending";
}

void print_json(const ReplyRecord& record) {
  nlohmann::ordered_json json;
  json["responder"] = record.key.responder;
  json["sender"] = record.key.sender;
  json["handle"] = record.key.handle;
  json["state"] = name_of(record.state);
  json["answered_at"] = format_utc(record.answered_at);
  json["expires_at"] = nullptr;
  if (record.expires_at) json["expires_at"] = format_utc(*record.expires_at);
  json["count"] = record.count;
  json["message_id"] = record.message_id;
  print(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

constexpr std::array<std::size_t, 5> kColumnWidths = {30, 36, 10, 22, 22};

void print_row(const std::array<std::string, 6>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string cell = to_single_line(cells.at(i));
    if (i < kColumnWidths.size()) cell.resize(std::max(kColumnWidths.at(i), cell.size() + 1), ' ');
    line += cell;
  }
  print(line + "\n");
}

std::string expiry_of(const ReplyRecord& record) {
  return record.expires_at ? format_utc(*record.expires_at) : "never";
}

void print_table_row(const ReplyRecord& record) {
  print_row({record.key.responder, record.key.sender, std::string(name_of(record.state)),
             format_utc(record.answered_at), expiry_of(record), std::to_string(record.count)});
}

void print_block(const ReplyRecord& record) {
  const auto line = [](std::string_view name, std::string_view value) {
    std::string text(name);
    text.resize(14, ' ');
    print(text + to_single_line(value) + "\n");
  };
  line("responder", record.key.responder);
  line("sender", record.key.sender);
  line("handle", record.key.handle);
  line("state", name_of(record.state));
  line("answered at", format_utc(record.answered_at));
  line("expires at", expiry_of(record));
  line("replies", std::to_string(record.count));
  line("message id", record.message_id.empty() ? "-" : record.message_id);
}

class CacheCommand {
 public:
  explicit CacheCommand(ToolCommand command) : command_(std::move(command)) {
    const auto format = command_.options.find("format");
    if (format == command_.options.end() || format->second == "table") return;
    if (format->second != "json") usage_error("--format: expected table or json");
    json_ = true;
  }

  ExitStatus run() {
    if (command_.words.empty()) usage_error("no command");
    const std::string& name = command_.words.front();
    if (name == "list") return list();
    if (name == "show") return show();
    if (name == "forget") return forget();
    usage_error("unknown command '" + name + "'");
  }

 private:
  void require_words(std::size_t least, std::size_t most) const {
    const auto count = command_.words.size() - 1;
    if (count < least || count > most) {
      usage_error("'" + command_.words.front() + "': wrong number of arguments");
    }
  }
  [[nodiscard]] std::unique_ptr<ReplyCache> open() const {
    return open_cache(command_.settings.cache, CacheAccess::kExisting);
  }

  ExitStatus list() {
    require_words(0, 1);
    RecordFilter filter;
    if (command_.words.size() == 2)
      filter.responder = responder_name(command_.words[1], command_.settings);
    const auto cache = open();
    if (!json_) print_row({"RESPONDER", "SENDER", "STATE", "ANSWERED", "EXPIRES", "REPLIES"});
    cache->visit(filter, json_ ? print_json : print_table_row);
    return ExitStatus::kOk;
  }

  ExitStatus show() {
    require_words(2, 2);
    const RecordFilter filter = {responder_name(command_.words[1], command_.settings),
                                 sender_name(command_.words[2])};
    std::size_t shown = 0;
    open()->visit(filter, [&](const ReplyRecord& record) {
      if (json_) {
        print_json(record);
      } else {
        if (shown > 0) print("\n");
        print_block(record);
      }
      ++shown;
    });
    if (shown == 0) {
      throw Error(Fault::kInput, "no record of " + filter.sender + " with " + filter.responder);
    }
    return ExitStatus::kOk;
  }

  ExitStatus forget() {
    RecordFilter filter;
    const auto& options = command_.options;
    if (const auto sender = options.find("sender"); sender != options.end()) {
      filter.sender = sender_name(sender->second);
    }
    if (const auto responder = options.find("responder"); responder != options.end()) {
      filter.responder = responder_name(responder->second, command_.settings);
    }
    if (filter.sender.empty() && filter.responder.empty()) {
      require_words(2, 2);
      filter = {responder_name(command_.words[1], command_.settings),
                sender_name(command_.words[2])};
    } else {
      require_words(0, 0);
    }
    const auto count = open()->forget(filter);
    print("forgot " + std::to_string(count) + (count == 1 ? " record\n" : " records\n"));
    return ExitStatus::kOk;
  }

  ToolCommand command_;
  bool json_ = false;
};

}  // namespace
}  // namespace inforeply

int main(int argc, char** argv) {
  using namespace inforeply;  // NOLINT(google-build-using-namespace)
  return run_tool("inforeply-cache", [&] {
    auto command = parse_tool_command(argc, argv, own_options());
    if (command.help) {
      print(std::string(kUsage) + tool_options_help(own_options()));
      return ExitStatus::kOk;
    }
    if (command.version) {
      print("inforeply-cache " INFOREPLY_VERSION "\n");
      return ExitStatus::kOk;
    }
    return CacheCommand(std::move(command)).run();
  });
}
