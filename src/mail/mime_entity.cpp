#include "mail/mime_entity.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "base/digest.hpp"
#include "mail/transfer_encoding.hpp"

namespace inforeply {
namespace {

bool occurs_in(const MimeEntity& entity, std::string_view boundary) {
  return entity.body.find(boundary) != std::string::npos ||
         std::any_of(entity.parts.begin(), entity.parts.end(),
                     [&](const MimeEntity& part) { return occurs_in(part, boundary); });
}

/// Makes the boundaries of one message. All have the same length, so that none begins like another.
/// They hold `=_`, which neither quoted-printable nor base64 does.
class BoundaryMaker {
 public:
  BoundaryMaker(const MimeEntity& root, std::string_view seed) {
    for (int i = 0; stem_.empty() || occurs_in(root, stem_); ++i)
      stem_ = "=_" + digest({seed, std::to_string(i)}).substr(0, 24) + "_";
  }
  std::string next() {
    std::array<char, 8> number{};
    std::snprintf(number.data(), number.size(), "%04u", ++count_ % 10'000U);
    return stem_ + number.data();
  }

 private:
  std::string stem_;
  unsigned count_ = 0;
};

/// About as many octets as write() adds.
std::size_t written_size(const MimeEntity& entity) {
  constexpr std::size_t kForDelimiters = 256;
  std::size_t size = kForDelimiters + entity.fields.size() + entity.multipart.size() +
                     entity.body.size() + base64_size(entity.file.size());
  for (const auto& part : entity.parts)
    size += written_size(part);
  return size;
}

void write(const MimeEntity& entity, BoundaryMaker& boundaries, std::string& text) {
  if (entity.multipart.empty()) {
    text += entity.fields + "\n";
    text += entity.body;
    append_base64(entity.file, text);
    return;
  }
  const std::string boundary = boundaries.next();
  text += field_line("Content-Type",
                     "multipart/" + entity.multipart + ";\n boundary=\"" + boundary + "\"");
  text += entity.fields + "\n";
  for (const auto& part : entity.parts) {
    text += "--" + boundary + "\n";
    write(part, boundaries, text);
    if (!text.ends_with('\n')) text += '\n';
    text += "\n";  // belongs to the delimiter
  }
  text += "--" + boundary + "--\n";
}

}  // namespace

std::string field_line(std::string_view name, std::string_view body) {
  return std::string(name) + ": " + std::string(body) + "\n";
}

MimeEntity text_entity(std::string_view content_type, std::string text) {
  EncodedBody body = encode_text(std::move(text));
  return {field_line("Content-Type", content_type) +
              field_line("Content-Transfer-Encoding", body.encoding),
          std::move(body.text),
          {},
          {},
          {}};
}

MimeEntity multipart_of(std::string_view subtype, std::vector<MimeEntity> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  return {{}, {}, {}, std::string(subtype), std::move(parts)};
}

std::string write_entity(const MimeEntity& entity, std::string_view seed, std::string head) {
  BoundaryMaker boundaries(entity, seed);
  head.reserve(head.size() + written_size(entity));
  write(entity, boundaries, head);
  return head;
}

}  // namespace inforeply
