#include "mail/media_type.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/trusted_file.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "mail/parameter.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxTableOctets = std::size_t{1} << 20U;
constexpr std::size_t kMaxNameOctets = 127;  // of a type and of a subtype: RFC 6838, 4.2
constexpr std::string_view kUnknownType = "application/octet-stream";
constexpr std::string_view kBlanks = " \t\r";

/// For systems without a table.
constexpr std::string_view kCommonTypes =
    "application/pdf pdf\n"
    "application/zip zip\n"
    "image/gif gif\n"
    "image/jpeg jpeg jpg\n"
    "image/png png\n"
    "image/svg+xml svg\n"
    "image/webp webp\n"
    "text/calendar ics\n"
    "text/csv csv\n"
    "text/html html\n"
    "text/plain txt\n"
    "text/vcard vcf\n";

/// Returns what follows the last dot of the last part of a path.
std::string_view extension_of(std::string_view file_name) {
  file_name = file_name.substr(file_name.rfind('/') + 1);
  const auto dot = file_name.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : file_name.substr(dot + 1);
}

std::string read_table(const std::string& path) {
  try {
    return read_trusted_file(path, kMaxTableOctets);
  } catch (const ConfigError&) {
    return {};
  }
}

/// Takes the next word off the front of `line`; empty if there is none.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const auto word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

/// Returns the type on a line `type extension extension…` that names the extension, else nullopt.
std::optional<std::string_view> match_line(std::string_view line, std::string_view extension) {
  line = line.substr(0, line.find('#'));
  const auto type = take_word(line);
  for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
    if (!equals_ignoring_case(word, extension)) continue;
    return is_media_type(type) ? std::optional(type) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string_view> find_type(std::string_view table, std::string_view extension) {
  while (!table.empty()) {
    if (const auto type = match_line(take_line(table), extension)) return type;
  }
  return std::nullopt;
}

bool may_be_base64(std::string_view type) {
  return !starts_with_ignoring_case(type, "message/") &&
         !starts_with_ignoring_case(type, "multipart/");
}

}  // namespace

bool is_media_type(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const auto subtype = text.substr(slash + 1);
  return slash <= kMaxNameOctets && subtype.size() <= kMaxNameOctets &&
         is_token(text.substr(0, slash)) && is_token(subtype);
}

std::string media_type_of(std::string_view file_name, const std::string& table) {
  const auto extension = extension_of(file_name);
  if (extension.empty()) return std::string(kUnknownType);
  const std::string text = read_table(table);
  auto type = find_type(text, extension);
  if (!type) type = find_type(kCommonTypes, extension);
  return std::string(type && may_be_base64(*type) ? *type : kUnknownType);
}

}  // namespace inforeply
