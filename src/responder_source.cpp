#include "inforeply/responder_source.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::string_view kSuffix = ".conf";

/// Throws ConfigError where that cannot be told.
bool exists(const std::string& path) {
  struct stat status {};
  // lstat: a link that leads nowhere is a fault to report, not a file that is not there.
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG) return false;
  throw ConfigError(path, 0, "cannot stat: " + std::generic_category().message(errno));
}

class SingleResponder : public ResponderSource {
 public:
  SingleResponder(std::string file, std::string delimiters, IndexFolder indexes)
      : file_(std::move(file)), delimiters_(std::move(delimiters)), indexes_(std::move(indexes)) {}
  [[nodiscard]] std::optional<FoundResponder> find(const Address& address) const override {
    return FoundResponder{std::make_unique<Responder>(load_responder(file_, indexes_)),
                          without_extension(address, delimiters_)};
  }

 private:
  std::string file_;
  std::string delimiters_;
  IndexFolder indexes_;
};

class ResponderFolder : public ResponderSource {
 public:
  ResponderFolder(std::string folder, std::string delimiters, IndexFolder indexes)
      : folder_(std::move(folder)),
        delimiters_(std::move(delimiters)),
        indexes_(std::move(indexes)) {}

  [[nodiscard]] std::optional<FoundResponder> find(const Address& address) const override {
    const std::string domain = folder_ + "/" + encode_file_name(address.ascii_domain);
    const auto bare = without_extension(address, delimiters_);
    const std::array<std::pair<std::string, const Address&>, 3> candidates = {
        {{domain + "/" + encode_file_name(address.local_part) + ".conf", address},
         {domain + "/" + encode_file_name(bare.local_part) + ".conf", bare},
         {domain + ".conf", bare}}};
    for (const auto& [file, found_by] : candidates) {
      if (exists(file)) {
        return FoundResponder{std::make_unique<Responder>(load_responder(file, indexes_)),
                              found_by};
      }
    }
    if (!exists(folder_)) throw ConfigError(folder_, 0, "no such folder of responders");
    return std::nullopt;
  }

 private:
  std::string folder_;
  std::string delimiters_;
  IndexFolder indexes_;
};

bool is_domain_name(const std::string& name) {
  const auto address = parse_address("x@" + name);
  return address && address->ascii_domain == name;
}

int hex_digit(char c) {
  const auto digit = std::string_view("0123456789ABCDEF").find(c);
  return digit == std::string_view::npos ? -1 : static_cast<int>(digit);
}

/// Whether encode_file_name gives this name to any local part.
bool is_local_part_name(const std::string& name) {
  std::string local_part;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '%') {
      local_part += name[i];
    } else if (i + 2 < name.size() && hex_digit(name[i + 1]) >= 0 && hex_digit(name[i + 2]) >= 0) {
      local_part += static_cast<char>(hex_digit(name[i + 1]) * 16 + hex_digit(name[i + 2]));
      i += 2;
    } else {
      return false;
    }
  }
  const auto address = parse_address(Address{local_part, "x", "x"}.to_string());
  return address && address->local_part == local_part && encode_file_name(local_part) == name;
}

/// In the order of their names.
std::vector<std::filesystem::directory_entry> entries_of(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  std::vector<std::filesystem::directory_entry> entries;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    entries.push_back(*entry);
  if (error) throw ConfigError(folder.string(), 0, "cannot read: " + error.message());
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::size_t check_file(const std::filesystem::path& path, bool (*is_findable)(const std::string&),
                       const FaultHandler& on_fault) {
  if (path.extension() != kSuffix) return 0;
  if (!is_findable(path.stem().string())) {
    on_fault({path.string(), 0,
              "no address leads to a file of this name (lower case, A-labels, / and % encoded)"});
  }
  check_responder(path.string(), on_fault);
  return 1;
}

}  // namespace

std::unique_ptr<ResponderSource> single_responder(std::string file, std::string delimiters,
                                                  IndexFolder indexes) {
  return std::make_unique<SingleResponder>(std::move(file), std::move(delimiters),
                                           std::move(indexes));
}

std::unique_ptr<ResponderSource> responder_folder(std::string folder, std::string delimiters,
                                                  IndexFolder indexes) {
  return std::make_unique<ResponderFolder>(std::move(folder), std::move(delimiters),
                                           std::move(indexes));
}

std::size_t check_responder_folder(const std::string& folder, const FaultHandler& on_fault) {
  std::size_t responders = 0;
  collect_fault(on_fault, [&] {
    for (const auto& entry : entries_of(folder)) {
      std::error_code ignored;
      responders += check_file(entry.path(), is_domain_name, on_fault);
      if (!entry.is_directory(ignored)) continue;
      std::size_t in_folder = 0;
      collect_fault(on_fault, [&] {
        for (const auto& inner : entries_of(entry.path())) {
          in_folder += check_file(inner.path(), is_local_part_name, on_fault);
        }
      });
      // Another folder may hold what responders of whole domains name.
      if (in_folder != 0 && !is_domain_name(entry.path().filename().string())) {
        on_fault({entry.path().string(), 0,
                  "no address leads to a folder of this name (lower case, A-labels)"});
      }
      responders += in_folder;
    }
  });
  return responders;
}

std::string encode_file_name(std::string_view part) {
  std::string name;
  for (const char c : fold_case(part)) {
    if (c == '/' || c == '%' || (c == '.' && name.empty()) || has_control_characters({&c, 1})) {
      name += '%' + to_hex(c);
    } else {
      name += c;
    }
  }
  return name;
}

}  // namespace inforeply
