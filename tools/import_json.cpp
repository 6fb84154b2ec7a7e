#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "import_format.hpp"
#include "inforeply/sender.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

/// All but the last must be there.
constexpr std::array<std::string_view, 9> kFields = {"responder", "sender",      "handle",
                                                     "state",     "answered_at", "expires_at",
                                                     "count",     "message_id",  "forwarder"};
enum Field : std::size_t {
  kResponder,
  kSender,
  kHandle,
  kState,
  kAnsweredAt,
  kExpiresAt,
  kCount,
  kMessageId,
  kForwarder
};
constexpr std::size_t kNoField = kFields.size();

/// Takes the members of a flat object. Its functions throw BadLine.
class MemberReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::array<std::string, kFields.size()> texts;
  std::array<bool, kFields.size()> seen{};
  bool never_expires = false;
  std::uint64_t count = 0;

  bool key(string_t& name) override {
    field_ = 0;
    while (field_ < kFields.size() && kFields[field_] != name)
      ++field_;
    if (field_ == kNoField) throw BadLine("unknown field " + in_quotes(name));
    if (seen[field_]) throw BadLine("'" + name + "' is there twice");
    seen[field_] = true;
    return true;
  }
  bool string(string_t& text) override {
    if (field_ == kNoField || field_ == kCount) wrong_type();
    texts[field_].swap(text);
    return true;
  }
  bool null() override {
    if (field_ != kExpiresAt) wrong_type();
    never_expires = true;
    return true;
  }
  bool number_unsigned(number_unsigned_t number) override {
    if (field_ != kCount) wrong_type();
    count = number;
    return true;
  }
  bool boolean(bool /*value*/) override { wrong_type(); }
  bool number_integer(number_integer_t /*number*/) override { wrong_type(); }
  bool number_float(number_float_t /*number*/, const string_t& /*text*/) override { wrong_type(); }
  bool binary(binary_t& /*octets*/) override { wrong_type(); }
  bool start_object(std::size_t /*size*/) override {
    if (inside_) wrong_type();
    inside_ = true;
    return true;
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t /*size*/) override { wrong_type(); }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string& /*last_token*/,
                   const nlohmann::json::exception& /*error*/) override {
    throw BadLine("no JSON, from column " + std::to_string(position) + " on");
  }

 private:
  [[noreturn]] void wrong_type() const {
    if (!inside_) throw BadLine("not an object in JSON");
    throw BadLine("'" + std::string(kFields[field_]) + "' has the wrong type");
  }

  bool inside_ = false;
  std::size_t field_ = kNoField;
};

/// An address as the cache has it. Its local part is never quoted, and its A-labels may make it
/// longer than mail allows.
std::optional<Address> parse_stored_address(const std::string& text) {
  if (auto address = parse_address(text)) return address;
  constexpr std::size_t kMaxOctets = 512;
  const auto at = text.rfind('@');
  if (text.size() > kMaxOctets || at == std::string::npos || at == 0 || !is_valid_utf8(text) ||
      to_single_line(text) != text) {
    return std::nullopt;
  }
  auto domain = parse_domain(text.substr(at + 1));
  if (!domain) return std::nullopt;
  return Address{text.substr(0, at), *domain, *domain};
}

class JsonFormat : public ImportFormat {
 public:
  ImportedLine parse(std::string_view line, std::size_t /*number*/) override {
    if (trim(line).empty()) return {};
    MemberReader members;
    nlohmann::json::sax_parse(line.data(), line.data() + line.size(), &members);
    for (std::size_t i = 0; i < kFields.size(); ++i) {
      if (!members.seen[i] && i != kForwarder)
        throw BadLine("'" + std::string(kFields[i]) + "' is missing");
    }
    ImportedLine result;
    auto& record = result.record.emplace();
    record.key = {responder_of(members.texts[kResponder]), sender_of(members.texts[kSender]),
                  handle_of(members.texts[kHandle]), forwarder_of(members.texts[kForwarder])};
    record.state = state_of(members.texts[kState]);
    record.answered_at = time_of(members.texts[kAnsweredAt], kAnsweredAt);
    if (!members.never_expires) {
      record.expires_at = time_of(members.texts[kExpiresAt], kExpiresAt);
      if (*record.expires_at < record.answered_at) {
        throw BadLine("'expires_at' is before 'answered_at'");
      }
    }
    if (members.count > std::numeric_limits<std::uint32_t>::max()) {
      throw BadLine("'count' is too large");
    }
    record.count = static_cast<std::uint32_t>(members.count);
    record.message_id = std::move(members.texts[kMessageId]);
    return result;
  }

 private:
  /// Most lines have the same responder as the line before: its address is parsed once.
  const std::string& responder_of(const std::string& text) {
    if (text == responder_text_ && !text.empty()) return responder_;
    const auto address = parse_stored_address(text);
    if (!address) throw BadLine("'responder' is no mail address: " + in_quotes(text));
    responder_ = address->normalized();
    responder_text_ = text;
    return responder_;
  }
  static std::string sender_of(const std::string& text) {
    const auto address = parse_stored_address(text);
    if (!address) throw BadLine("'sender' is no mail address: " + in_quotes(text));
    return canonical_sender(*address);
  }
  static std::string forwarder_of(const std::string& text) {
    if (text.empty()) return text;
    auto domain = parse_domain(text);
    if (!domain) throw BadLine("'forwarder' is no domain: " + in_quotes(text));
    return *std::move(domain);
  }
  static std::string handle_of(std::string& text) {
    if (text.empty()) throw BadLine("'handle' is empty");
    if (text.size() > kMaxHandleOctets) {
      throw BadLine("'handle' is over " + std::to_string(kMaxHandleOctets) + " octets");
    }
    return std::move(text);
  }
  static RecordState state_of(const std::string& text) {
    for (const auto state : {RecordState::kAnswered, RecordState::kPending}) {
      if (text == name_of(state)) return state;
    }
    throw BadLine("'state' is neither answered nor pending");
  }
  static Time time_of(const std::string& text, Field field) {
    const auto time = parse_time(text);
    if (!time || *time < Time{}) {
      throw BadLine("'" + std::string(kFields[field]) + "' is no time: " + in_quotes(text));
    }
    return *time;
  }

  std::string responder_text_;
  std::string responder_;
};

}  // namespace

std::unique_ptr<ImportFormat> make_json_format() {
  return std::make_unique<JsonFormat>();
}

}  // namespace inforeply
