// How the responder of an address is found.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/trusted_file.hpp"
#include "inforeply/address.hpp"
#include "inforeply/error.hpp"
#include "inforeply/settings.hpp"
#include "responder/address_list.hpp"
#include "responder/responder.hpp"
#include "responder/responder_file.hpp"

namespace inforeply {

struct FoundResponder {
  std::shared_ptr<const Responder> responder;
  Address address;      ///< the one that leads to it, perhaps without its extension
  bool is_own = false;  ///< of that address alone
};

/// A file that would hold the settings of an address.
struct CandidateFile {
  std::string path;
  Address address;          ///< that leads to it
  std::string folder = {};  ///< of the files that it may name
  bool is_own = false;      ///< of that address alone
};

/// Finds the responder of an address.
class ResponderSource {
 public:
  ResponderSource() = default;
  ResponderSource(const ResponderSource&) = delete;
  ResponderSource& operator=(const ResponderSource&) = delete;
  virtual ~ResponderSource() = default;

  /// nullopt if this address has none. Throws ConfigError for a file that is there but cannot be
  /// used.
  [[nodiscard]] virtual std::optional<FoundResponder> find(const Address& address) const = 0;

  /// The files that `find` looks for, in that order, each once.
  [[nodiscard]] virtual std::vector<CandidateFile> candidates(const Address& address) const = 0;
};

/// One file for every address. Of the terms, the domain is that of the address found.
std::unique_ptr<ResponderSource> single_responder(std::string file, std::string delimiters,
                                                  ReadingTerms terms = {});

/// `folder/domain/local.conf`, the same without the extension, then `folder/domain.conf`: at most
/// three look-ups however many responders there are. The files of `domain.conf` are in the folder
/// `domain`, where no other domain has any.
std::unique_ptr<ResponderSource> responder_folder(std::string folder, std::string delimiters,
                                                  ReadingTerms terms = {});

/// Finds each address's responder once, for a run in which files do not change. Those that cannot
/// be used are looked for again.
std::unique_ptr<ResponderSource> remembering(std::unique_ptr<ResponderSource> source);

/// The file `responder` of the settings, else the folder `responders`. `access` is for the indexes
/// of address lists, which are kept beside the cache.
std::unique_ptr<ResponderSource> open_responders(const Settings& settings, IndexAccess access);

/// The end of every responder file's name.
inline constexpr std::string_view kResponderSuffix = kConfigurationSuffix;

/// A part of an address as a file name: in lower case, with `/`, `%`, a leading dot and control
/// characters percent-encoded.
std::string encode_file_name(std::string_view part);

}  // namespace inforeply
