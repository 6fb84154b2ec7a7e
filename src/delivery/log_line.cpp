#include "delivery/log_line.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "inforeply/json.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxValueOctets = 320;  // as escape_for_log
constexpr std::string_view kNoId = "NOQUEUE";

std::string in_seconds(std::chrono::duration<double> delay) {
  std::array<char, 32> seconds{};
  std::snprintf(seconds.data(), seconds.size(), "%.3f", delay.count());
  return seconds.data();
}

std::string in_text(std::string_view value) {
  return value.empty() ? "-" : escape_for_log(value);
}

std::string to_text(const LogLine& line) {
  std::string text(kNoId);
  if (!line.id.empty()) text = in_text(line.id);
  text += ": from=<" + escape_for_log(line.from) + "> to=<" + escape_for_log(line.to) + "> action=";
  text += line.action;
  text += " reason=";
  text += line.reason.empty() ? "-" : line.reason;
  text += " handle=" + in_text(line.handle) + " delay=" + in_seconds(line.delay) +
          " responder=" + in_text(line.responder) + " section=" + in_text(line.section);
  if (!line.detail.empty()) text += " detail=" + to_single_line(line.detail);
  return text;
}

std::string cut(std::string_view value) {
  return std::string(value.substr(0, kMaxValueOctets)) +
         (value.size() > kMaxValueOctets ? "..." : "");
}

class JsonObject {
 public:
  void add_text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(json_, value);
  }
  void add_optional(std::string_view name, std::string_view value) {
    if (!value.empty()) return add_text(name, value);
    add_raw(name, "null");
  }
  void add_raw(std::string_view name, std::string_view value) {
    begin(name);
    json_ += value;
  }
  std::string finish() && { return std::move(json_) + "}"; }

 private:
  void begin(std::string_view name) {
    json_ += json_.empty() ? "{" : ",";
    append_json_string(json_, name);
    json_ += ':';
  }

  std::string json_;
};

void add_outcome(JsonObject& json, const LogLine& line) {
  json.add_text("action", line.action);
  json.add_optional("reason", line.reason);
}

std::string to_json(const LogLine& line) {
  JsonObject json;
  json.add_text("id", line.id.empty() ? std::string(kNoId) : cut(line.id));
  json.add_text("from", cut(line.from));
  json.add_text("to", cut(line.to));
  add_outcome(json, line);
  json.add_optional("handle", cut(line.handle));
  json.add_raw("delay", in_seconds(line.delay));
  json.add_optional("responder", cut(line.responder));
  json.add_optional("section", cut(line.section));
  json.add_optional("detail", line.detail);
  return std::move(json).finish();
}

}  // namespace

std::string format_log_line(const LogLine& line, LogFormat format) {
  return format == LogFormat::kJson ? to_json(line) : to_text(line);
}

std::string format_failed_run(const LogLine& line, LogFormat format) {
  if (format == LogFormat::kJson) {
    JsonObject json;
    add_outcome(json, line);
    json.add_optional("detail", line.detail);
    return std::move(json).finish();
  }
  std::string text = "inforeply: ";
  text += line.action == "deferred" ? line.action : line.reason;
  return text + ": " + line.detail;
}

}  // namespace inforeply
