#include "inforeply/responder_source.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

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
