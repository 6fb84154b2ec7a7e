#include "replay_table.hpp"

#include <algorithm>
#include <string_view>

#include "inforeply/json.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kDateColumns = 16;     // 2026-12-24 18:00
constexpr std::size_t kResultColumns = 24;   // of the two
constexpr std::size_t kColumnsOfFile = 120;  // if standard output is no terminal

std::size_t address_columns(const std::optional<Terminal>& terminal, bool is_comparison) {
  constexpr std::size_t kLeast = 12;
  const std::size_t columns = terminal ? terminal->columns : kColumnsOfFile;
  const std::size_t taken = kDateColumns + kResultColumns * (is_comparison ? 2 : 1) + 8;
  return std::max(kLeast, (columns - std::min(columns, taken)) / 2);
}

std::string row(const std::string& date, const std::string& sender, const std::string& recipient,
                const std::string& result, std::size_t columns) {
  return left_align(date, kDateColumns) + "  " + left_align(to_single_line(sender), columns) +
         "  " + left_align(to_single_line(recipient), columns) + "  " + result + "\n";
}

void append_member(std::string& json, std::string_view name, std::string_view value) {
  append_json_string(json, name);
  json += ':';
  append_json_string(json, value);
  json += ',';
}

void append_optional(std::string& json, std::string_view name, const std::string& value) {
  if (!value.empty()) return append_member(json, name, value);
  append_json_string(json, name);
  json += ":null,";
}

void append_result(std::string& json, const ReplayResult& result) {
  constexpr std::array kActions = {"reply", "suppress", "defer"};
  append_member(json, "action", kActions.at(static_cast<std::size_t>(result.action)));
  append_optional(json, "reason", result.reason);
  append_optional(json, "section", result.section);
  append_optional(json, "detail", result.detail);
  json.back() = '}';
}

}  // namespace

std::string describe(const ReplayResult& result) {
  if (result.action != ReplayAction::kReply) return result.reason;
  return result.section.empty() ? "reply" : "reply [" + to_single_line(result.section) + "]";
}

std::string place_of(const KeptMessage& message) {
  return message.number == 0 ? message.file : message.file + ":" + std::to_string(message.number);
}

std::string table_heading(const std::optional<Terminal>& terminal, bool is_comparison) {
  const auto heading =
      row("DATE", "SENDER", "RECIPIENT",
          is_comparison ? left_align("AGAINST", kResultColumns) + "  NOW" : "RESULT",
          address_columns(terminal, is_comparison));
  return terminal ? terminal->styled(heading, Style::kBold) : heading;
}

std::string table_row(const std::optional<Terminal>& terminal, const ReplayedMessage& replayed) {
  const auto now = describe(replayed.result);
  const auto result =
      replayed.other ? left_align(describe(*replayed.other), kResultColumns) + "  " + now : now;
  const auto sender = replayed.sender.empty() ? "<>" : replayed.sender;
  return row(format_minute(replayed.message.date, {}), sender, replayed.recipient, result,
             address_columns(terminal, replayed.other.has_value()));
}

std::string json_line(const ReplayedMessage& replayed) {
  std::string json = "{";
  append_member(json, "file", replayed.message.file);
  const auto number = replayed.message.number;
  json += "\"message\":" + (number == 0 ? "null" : std::to_string(number)) + ",";
  append_member(json, "date", format_utc(replayed.message.date));
  append_member(json, "sender", replayed.sender);
  append_member(json, "recipient", replayed.recipient);
  append_result(json, replayed.result);
  if (replayed.other) {
    json.back() = ',';
    json += "\"against\":{";
    append_result(json, *replayed.other);
    json += '}';
  }
  return json + "\n";
}

}  // namespace inforeply
