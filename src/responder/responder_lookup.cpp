#include "responder/responder_lookup.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <utility>

#include "base/folder.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

/// Throws ConfigError if that cannot be told.
bool exists(const std::string& path) {
  struct stat status {};
  // lstat: a dangling link is a fault to report, not a missing file.
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG) return false;
  throw ConfigError(path, 0, with_cause("cannot stat", errno));
}

FoundResponder load(CandidateFile candidate, ReadingTerms terms) {
  terms.domain = candidate.address.ascii_domain;
  terms.folder = std::move(candidate.folder);
  return {std::make_unique<Responder>(load_responder(candidate.path, terms)),
          std::move(candidate.address), candidate.is_own};
}

class SingleResponder : public ResponderSource {
 public:
  SingleResponder(std::string file, std::string delimiters, ReadingTerms terms)
      : file_(std::move(file)), delimiters_(std::move(delimiters)), terms_(std::move(terms)) {}
  [[nodiscard]] std::optional<FoundResponder> find(const Address& address) const override {
    return load(candidates(address).front(), terms_);
  }
  [[nodiscard]] std::vector<CandidateFile> candidates(const Address& address) const override {
    return {{file_, without_extension(address, delimiters_), folder_of(file_)}};
  }

 private:
  std::string file_;
  std::string delimiters_;
  ReadingTerms terms_;
};

class ResponderFolder : public ResponderSource {
 public:
  ResponderFolder(std::string folder, std::string delimiters, ReadingTerms terms)
      : folder_(std::move(folder)), delimiters_(std::move(delimiters)), terms_(std::move(terms)) {}

  [[nodiscard]] std::optional<FoundResponder> find(const Address& address) const override {
    for (auto& candidate : candidates(address)) {
      if (!exists(candidate.path)) continue;
      require_trusted_folder(folder_);
      return load(std::move(candidate), terms_);
    }
    if (!exists(folder_)) throw ConfigError(folder_, 0, "no such folder of responders");
    return std::nullopt;
  }

  [[nodiscard]] std::vector<CandidateFile> candidates(const Address& address) const override {
    const std::string domain = folder_ + "/" + encode_file_name(address.ascii_domain);
    const auto file_of = [&](const Address& found) {
      return domain + "/" + encode_file_name(found.local_part) + std::string(kResponderSuffix);
    };
    const auto bare = without_extension(address, delimiters_);
    std::vector<CandidateFile> files = {{file_of(address), address, domain, true}};
    if (file_of(bare) != files.front().path) files.push_back({file_of(bare), bare, domain, true});
    files.push_back({domain + std::string(kResponderSuffix), bare, domain});
    return files;
  }

 private:
  std::string folder_;
  std::string delimiters_;
  ReadingTerms terms_;
};

class RememberedResponders : public ResponderSource {
 public:
  explicit RememberedResponders(std::unique_ptr<ResponderSource> source)
      : source_(std::move(source)) {}

  [[nodiscard]] std::optional<FoundResponder> find(const Address& address) const override {
    constexpr std::size_t kMost = 64;
    const auto name = address.to_string();
    if (const auto known = found_.find(name); known != found_.end()) return known->second;
    auto found = source_->find(address);
    if (found_.size() == kMost) found_.clear();
    return found_.emplace(name, std::move(found)).first->second;
  }
  [[nodiscard]] std::vector<CandidateFile> candidates(const Address& address) const override {
    return source_->candidates(address);
  }

 private:
  std::unique_ptr<ResponderSource> source_;
  mutable std::map<std::string, std::optional<FoundResponder>> found_;  // by address
};

}  // namespace

std::unique_ptr<ResponderSource> remembering(std::unique_ptr<ResponderSource> source) {
  return std::make_unique<RememberedResponders>(std::move(source));
}

std::unique_ptr<ResponderSource> single_responder(std::string file, std::string delimiters,
                                                  ReadingTerms terms) {
  return std::make_unique<SingleResponder>(std::move(file), std::move(delimiters),
                                           std::move(terms));
}

std::unique_ptr<ResponderSource> responder_folder(std::string folder, std::string delimiters,
                                                  ReadingTerms terms) {
  return std::make_unique<ResponderFolder>(std::move(folder), std::move(delimiters),
                                           std::move(terms));
}

std::unique_ptr<ResponderSource> open_responders(const Settings& settings, IndexAccess access) {
  ReadingTerms terms;
  terms.indexes = {.path = list_index_folder(settings.cache), .access = access};
  terms.trust = settings.trust_responders;
  terms.fcc_folders = settings.fcc_folders;
  const auto& delimiters = settings.recipient_delimiter;
  return settings.responder.empty()
             ? responder_folder(settings.responders, delimiters, std::move(terms))
             : single_responder(settings.responder, delimiters, std::move(terms));
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
