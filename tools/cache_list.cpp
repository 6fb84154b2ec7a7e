// inforeply-cache list, show, forget.

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "cache_commands.hpp"

namespace inforeply {

std::string_view name_of(RecordState state) {
  return state == RecordState::kAnswered ? "answered" : "pending";
}

std::string to_json(const ReplyRecord& record) {
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
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

namespace {

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

bool wants_json(const CacheRequest& request) {
  const auto format = request.find("format").value_or("table");
  if (format != "table" && format != "json") usage_error("--format: expected table or json");
  return format == "json";
}

}  // namespace

ExitStatus list_records(const CacheRequest& request) {
  const auto& arguments = request.arguments(0, 1);
  RecordFilter filter;
  if (!arguments.empty()) filter.responder = request.responder_name(arguments.front());
  const bool json = wants_json(request);
  const auto cache = request.open();
  if (!json) print_row({"RESPONDER", "SENDER", "STATE", "ANSWERED", "EXPIRES", "REPLIES"});
  cache->visit(filter, [&](const ReplyRecord& record) {
    json ? print(to_json(record) + "\n") : print_table_row(record);
    return true;
  });
  return ExitStatus::kOk;
}

ExitStatus show_person(const CacheRequest& request) {
  const auto& arguments = request.arguments(2, 2);
  const RecordFilter filter = {request.responder_name(arguments[0]),
                               CacheRequest::sender_name(arguments[1])};
  const bool json = wants_json(request);
  std::size_t shown = 0;
  request.open()->visit(filter, [&](const ReplyRecord& record) {
    if (json) {
      print(to_json(record) + "\n");
    } else {
      if (shown > 0) print("\n");
      print_block(record);
    }
    ++shown;
    return true;
  });
  if (shown == 0) {
    throw Error(Fault::kInput, "no record of " + filter.sender + " with " + filter.responder);
  }
  return ExitStatus::kOk;
}

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
  const auto count = request.open()->forget(filter);
  print("forgot " + std::to_string(count) + (count == 1 ? " record\n" : " records\n"));
  return ExitStatus::kOk;
}

}  // namespace inforeply
