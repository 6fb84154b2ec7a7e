#include "reply/reply_view.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "inforeply/text.hpp"
#include "mail/body_text.hpp"
#include "mail/encoded_word.hpp"
#include "mail/header.hpp"
#include "mail/message.hpp"
#include "mail/mime.hpp"
#include "mail/parameter.hpp"
#include "mail/transfer_encoding.hpp"

namespace inforeply {
namespace {

constexpr std::array<std::string_view, 6> kShownFields = {"From",    "Reply-To", "To",
                                                          "Subject", "Date",     "Organization"};

/// The token before the field's parameters, in lower case; `otherwise` if there is no field.
std::string token_of(const Header& header, std::string_view field, std::string_view otherwise) {
  const std::string* body = header.find(field);
  return body == nullptr ? std::string(otherwise) : leading_token(*body);
}

std::string file_name_of(const Header& header) {
  constexpr std::array<std::array<std::string_view, 2>, 2> kPlaces = {
      {{"Content-Disposition", "filename"}, {"Content-Type", "name"}}};
  for (const auto& [field, parameter] : kPlaces) {
    const std::string* body = header.find(field);
    if (const auto name = body == nullptr ? std::nullopt : find_parameter(*body, parameter)) {
      return to_single_line(*name);
    }
  }
  return {};
}

class ReplyView {
 public:
  explicit ReplyView(std::string_view reply) : message_(parse_message(reply)) {
    const auto end = reply.find("\n\n");  // parse_message keeps only the beginning of a long body
    message_.body = end == std::string_view::npos ? "" : reply.substr(end + 2);
    parts_ = find_mime_parts(message_.header, message_.body);
    if (parts_.empty()) parts_.push_back({message_.header, message_.body, {}, {}});
  }

  [[nodiscard]] std::string print() const {
    std::string text = fields();
    for (const auto i : shown_below(std::nullopt)) {
      text += '\n' + without_direction_changes(whole_text(parts_[i]));
      if (!text.ends_with('\n')) text += '\n';
    }
    return text + "\n" + list_of_parts();
  }

 private:
  using Indices = std::vector<std::size_t>;

  [[nodiscard]] std::string fields() const {
    std::string text;
    for (const auto name : kShownFields) {
      if (const std::string* body = message_.header.find(name)) {
        text += std::string(name) + ": " + shown_safely(decode_field_text(*body)) + '\n';
      }
    }
    return text;
  }

  [[nodiscard]] const Header& header_of(std::optional<std::size_t> entity) const {
    return entity ? parts_[*entity].header : message_.header;
  }

  [[nodiscard]] bool is_multipart(std::size_t i) const {
    return token_of(parts_[i].header, "Content-Type", "").starts_with("multipart/");
  }

  [[nodiscard]] bool has_plain(const Indices& texts) const {
    return std::any_of(texts.begin(), texts.end(), [&](std::size_t i) {
      return shown_text_type(parts_[i]) == TextType::kPlain;
    });
  }

  /// The texts that are shown of those in the entity. nullopt means the message itself.
  [[nodiscard]] Indices shown_below(std::optional<std::size_t> entity) const {
    const bool is_choice =
        token_of(header_of(entity), "Content-Type", "") == "multipart/alternative";
    Indices shown;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].holder != entity) continue;
      const auto texts = shown_in(i);
      if (!is_choice) {
        shown.insert(shown.end(), texts.begin(), texts.end());
      } else if (!texts.empty() && (has_plain(texts) || !has_plain(shown))) {
        shown = texts;
      }
    }
    return shown;
  }

  [[nodiscard]] Indices shown_in(std::size_t i) const {
    if (is_multipart(i)) return shown_below(i);
    return shown_text_type(parts_[i]) == TextType::kNone ? Indices{} : Indices{i};
  }

  [[nodiscard]] std::string list_of_parts() const {
    std::string text = "Parts:\n";
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (is_multipart(i)) continue;
      const auto& [header, content, holder_type, holder] = parts_[i];
      const auto encoding = token_of(header, "Content-Transfer-Encoding", "");
      const auto size = decode_transfer_encoding(encoding, content).size();
      const auto name = file_name_of(header);
      text += "  " + to_single_line(token_of(header, "Content-Type", "text/plain")) + ", " +
              (name.empty() ? "" : name + ", ") + std::to_string(size) + " octets\n";
    }
    return text;
  }

  Message message_;
  std::vector<MimePart> parts_;
};

}  // namespace

std::string view_reply(std::string_view reply) {
  return ReplyView(reply).print();
}

}  // namespace inforeply
