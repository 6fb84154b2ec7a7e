#include "record_json.hpp"

#include <array>
#include <charconv>
#include <chrono>

#include "inforeply/json.hpp"

namespace inforeply {
namespace {

void append_number(std::string& into, unsigned number) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  into.append(digits.data(), end);
}

void append_two_digits(std::string& into, unsigned number, char before) {
  into += before;
  into += static_cast<char>('0' + number / 10);
  into += static_cast<char>('0' + number % 10);
}

void append_member(std::string& into, std::string_view name_with_punctuation,
                   std::string_view text) {
  into += name_with_punctuation;
  append_json_string(into, text);
}

}  // namespace

std::string_view name_of(RecordState state) {
  return state == RecordState::kAnswered ? "answered" : "pending";
}

void append_utc(std::string& into, Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const int year = static_cast<int>(date.year());
  if (year < 1000 || year > 9999) {
    into += format_utc(time);
    return;
  }
  const auto second = static_cast<unsigned>((time - day).count());
  append_number(into, static_cast<unsigned>(year));
  append_two_digits(into, static_cast<unsigned>(date.month()), '-');
  append_two_digits(into, static_cast<unsigned>(date.day()), '-');
  append_two_digits(into, second / 3600, 'T');
  append_two_digits(into, second / 60 % 60, ':');
  append_two_digits(into, second % 60, ':');
  into += 'Z';
}

void append_json(std::string& into, const ReplyRecord& record) {
  append_member(into, "{\"responder\":", record.key.responder);
  append_member(into, ",\"sender\":", record.key.sender);
  append_member(into, ",\"handle\":", record.key.handle);
  append_member(into, ",\"state\":", name_of(record.state));
  into += R"(,"answered_at":")";
  append_utc(into, record.answered_at);
  into += R"(","expires_at":)";
  if (record.expires_at) {
    into += '"';
    append_utc(into, *record.expires_at);
    into += '"';
  } else {
    into += "null";
  }
  into += ",\"count\":";
  append_number(into, record.count);
  append_member(into, ",\"message_id\":", record.message_id);
  if (!record.key.forwarder.empty()) append_member(into, ",\"forwarder\":", record.key.forwarder);
  into += '}';
}

std::string to_json(const ReplyRecord& record) {
  std::string json;
  append_json(json, record);
  return json;
}

}  // namespace inforeply
